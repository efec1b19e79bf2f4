// Every pattern of a word offered and two ways ready over 5 clocks: each way takes each word once, in order.
`timescale 1ns / 1ns
module bench;
  reg clk = 0, rst = 1, push = 0;
  reg [1:0] ready = 0;
  wire in_ready;
  wire [1:0] valid;
  stream_fork #(.WAYS(2)) dut (
      .i_clk(clk), .i_rst(rst), .i_valid(push), .o_ready(in_ready), .o_valid(valid), .i_ready(ready)
  );
  integer pattern, t, way, sent, errors = 0, waited = 0;
  integer taken [0:1];
  reg [1:0] held;
  reg took;
  initial begin
    for (pattern = 0; pattern < (1 << 15); pattern = pattern + 1) begin
      rst = 1; push = 0;
      #1 clk = 1;
      #1 clk = 0;
      rst = 0; sent = 0; taken[0] = 0; taken[1] = 0; held = 0;
      for (t = 0; t < 7; t = t + 1) begin
        push = (push && !took) || (t < 5 && pattern[3*t]);
        ready = t < 5 ? {pattern[3*t+1], pattern[3*t+2]} : 2'b11;
        #1;
        for (way = 0; way < 2; way = way + 1) begin
          // A way is offered the word that is held in, unless it has it.
          if (valid[way] !== (push && taken[way] == sent)) errors = errors + 1;
          if (held[way] && !valid[way]) errors = errors + 1;
          held[way] = valid[way] && !ready[way];
          if (held[way]) waited = waited + 1;
          if (valid[way] && ready[way]) taken[way] = taken[way] + 1;
        end
        took = push && in_ready;
        #1 clk = 1;
        #1 clk = 0;
        if (took) begin
          sent = sent + 1;
          if (taken[0] != sent || taken[1] != sent) errors = errors + 1;
        end
      end
      if (push && !took) errors = errors + 1;
    end
    if (errors == 0 && waited > 0) $display("right, %0d stalls", waited);
    else $display("WRONG %0d", errors);
    $finish;
  end
endmodule
