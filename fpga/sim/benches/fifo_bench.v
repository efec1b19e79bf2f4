// Exhaustive: every pattern of push and pop over 8 clocks on a FIFO of 2 and of 4 words, against a list.
`timescale 1ns / 1ns
module bench;
  parameter ADDRESS = 1;
  reg clk = 0, rst = 1, push = 0, pop = 0;
  reg [7:0] next = 0;
  wire in_ready, out_valid;
  wire [7:0] data;
  fifo #(.WIDTH(8), .ADDRESS(ADDRESS)) dut (
      .i_clk(clk), .i_rst(rst), .i_valid(push), .o_ready(in_ready), .i_data(next),
      .o_valid(out_valid), .i_ready(pop), .o_data(data)
  );
  integer pattern, t, count, errors = 0, full = 0;
  reg [7:0] oldest;
  reg pushed, popped;
  task clock;
    begin
      #1 clk = 1;
      #1 clk = 0;
    end
  endtask
  initial begin
    for (pattern = 0; pattern < (1 << 16); pattern = pattern + 1) begin
      rst = 1; push = 0; pop = 0;
      clock;
      rst = 0; count = 0; oldest = next;
      for (t = 0; t < 8; t = t + 1) begin
        push = pattern[2*t]; pop = pattern[2*t+1];
        #1;
        if (in_ready !== (count < (1 << ADDRESS)) || out_valid !== (count > 0)) errors = errors + 1;
        if (out_valid && data !== oldest) errors = errors + 1;
        if (push && !in_ready) full = full + 1;
        pushed = push && in_ready; popped = pop && out_valid;
        clock;
        if (pushed) begin next = next + 1; count = count + 1; end
        if (popped) begin oldest = oldest + 1; count = count - 1; end
      end
    end
    if (errors == 0 && full > 0) $display("right, %0d stalls", full);
    else $display("WRONG %0d", errors);
    $finish;
  end
endmodule
