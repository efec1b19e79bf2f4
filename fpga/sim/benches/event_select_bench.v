// Exhaustive: every word of three 2-bit values, last or not, with every pattern of 5 stalls.
`timescale 1ns / 1ns
module bench;
  reg clk = 0, rst = 1, push = 0, ready = 0, is_last = 0;
  reg [5:0] word = 0;
  wire in_ready, valid, last;
  wire [1:0] value;
  wire [3:0] index;
  event_select #(.VALUE(2), .PACK(3), .INDEX(4)) dut (
      .i_clk(clk), .i_rst(rst), .i_valid(push), .o_ready(in_ready), .i_word(word), .i_index(4'd6), .i_last(is_last),
      .o_valid(valid), .i_ready(ready), .o_value(value), .o_index(index), .o_last(last)
  );
  integer w, stalls, l, t, at, given, errors = 0, waited = 0;
  reg took;
  initial begin
    #1 clk = 1;
    #1 clk = 0;
    rst = 0;
    for (w = 0; w < 64; w = w + 1)
      for (l = 0; l < 2; l = l + 1)
        for (stalls = 0; stalls < 32; stalls = stalls + 1) begin
          word = w; is_last = l; push = 1; took = 0; at = 0; given = 0;
          for (t = 0; t < 12 && !took; t = t + 1) begin
            ready = t >= 5 || stalls[t];
            #1;
            if (valid && !ready) waited = waited + 1;
            if (valid && ready) begin
              while (at < 3 && ((w >> 2 * at) & 3) == 0) at = at + 1;
              // A word of zeros that is last gives one event of value 0.
              if (at > 2 ? w != 0 || !l || value !== 0 : value !== ((w >> 2 * at) & 3) || index !== 6 + at)
                errors = errors + 1;
              if (last !== (l && (w >> 2 * at + 2) == 0)) errors = errors + 1;
              at = at + 1;
              given = given + 1;
            end
            took = in_ready;
            #1 clk = 1;
            #1 clk = 0;
          end
          push = 0;
          #1;
          if (!took) errors = errors + 1;
          if (given != (w[1:0] != 0) + (w[3:2] != 0) + (w[5:4] != 0) + (w == 0 && l)) errors = errors + 1;
        end
    if (errors == 0 && waited > 0) $display("right, %0d stalls", waited);
    else $display("WRONG %0d", errors);
    $finish;
  end
endmodule
