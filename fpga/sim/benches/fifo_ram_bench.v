// Patterns of push and pop over 10 clocks, each 41st of them, then drained, against a list; DEPTH words and the one shown.
`timescale 1ns / 1ns
module bench;
  parameter DEPTH = 3;
  reg clk = 0, rst = 1, push = 0, pop = 0;
  reg [7:0] next = 0, oldest = 0;
  wire in_ready, out_valid;
  wire [7:0] data;
  fifo_ram #(.WIDTH(8), .DEPTH(DEPTH)) dut (
      .i_clk(clk), .i_rst(rst), .i_valid(push), .o_ready(in_ready), .i_data(next),
      .o_valid(out_valid), .i_ready(pop), .o_data(data)
  );
  integer pattern, t, count, errors = 0, full = 0;
  reg pushed, popped, held;
  task clock;
    begin
      #1 clk = 1;
      #1 clk = 0;
    end
  endtask
  initial begin
    for (pattern = 0; pattern < (1 << 20); pattern = pattern + 41) begin
      rst = 1; push = 0; pop = 0;
      clock;
      rst = 0; count = 0; oldest = next; held = 0;
      for (t = 0; t < 18; t = t + 1) begin
        push = t < 10 && pattern[2*t]; pop = t >= 10 || pattern[2*t+1];
        #1;
        if (in_ready !== (count - out_valid < DEPTH)) errors = errors + 1;
        if (out_valid && (count == 0 || data !== oldest)) errors = errors + 1;
        if (held && !out_valid) errors = errors + 1;
        if (push && !in_ready) full = full + 1;
        pushed = push && in_ready; popped = pop && out_valid; held = out_valid && !pop;
        clock;
        if (pushed) begin next = next + 1; count = count + 1; end
        if (popped) begin oldest = oldest + 1; count = count - 1; end
        if (count > DEPTH + 1) errors = errors + 1;
      end
      if (count != 0) errors = errors + 1;
    end
    if (errors == 0 && full > 0) $display("right, %0d stalls", full);
    else $display("WRONG %0d", errors);
    $finish;
  end
endmodule
