// Exhaustive: every row of four 2-bit values, with every pattern of 8 stalls, replayed twice.
`timescale 1ns / 1ns
module bench;
  reg clk = 0, clear = 0, push = 0, rewind = 0, ready = 0;
  reg [1:0] value = 0, index = 0;
  wire valid, done;
  wire [1:0] out_value, out_index;
  event_extract #(.VALUE(2), .INDEX(2), .DEPTH(4), .ADDRESS(2)) dut (
      .i_clk(clk), .i_clear(clear), .i_valid(push), .i_value(value), .i_index(index),
      .i_rewind(rewind), .i_ready(ready && valid), .o_valid(valid), .o_value(out_value), .o_index(out_index), .o_done(done)
  );
  integer row, stalls, i, t, pass, at, errors = 0, waited = 0;
  task clock;
    begin
      #1 clk = 1;
      #1 clk = 0;
      #1;
    end
  endtask
  initial begin
    for (row = 0; row < 256; row = row + 1)
      for (stalls = 0; stalls < 256; stalls = stalls + 1) begin
        clear = 1; push = 0; ready = 0;
        clock;
        clear = 0;
        for (i = 0; i < 4; i = i + 1) begin
          push = 1; value = row >> 2 * i; index = i;
          clock;
        end
        push = 0;
        for (pass = 0; pass < 2; pass = pass + 1) begin
          rewind = 1;
          clock;
          rewind = 0; at = 0;
          #1;
          for (t = 0; t < 40 && !done; t = t + 1) begin
            ready = t >= 8 || stalls[t];
            #1;
            if (valid && !ready) waited = waited + 1;
            if (valid && ready) begin
              while (at < 4 && ((row >> 2 * at) & 3) == 0) at = at + 1;
              if (at > 3 || out_index !== at || out_value !== ((row >> 2 * at) & 3)) errors = errors + 1;
              at = at + 1;
            end
            clock;
          end
          while (at < 4 && ((row >> 2 * at) & 3) == 0) at = at + 1;
          if (at != 4 || !done) errors = errors + 1;
        end
      end
    if (errors == 0 && waited > 0) $display("right, %0d stalls", waited);
    else $display("WRONG %0d", errors);
    $finish;
  end
endmodule
