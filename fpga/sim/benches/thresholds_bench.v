// Every 4-bit value against the three thresholds of two channels, stalled at random.
`timescale 1ns / 1ns
module bench;
  reg clk = 0, rst = 1, push = 0, ready = 0;
  reg [4:0] sent = 0;
  integer seed = 1, errors = 0, waited = 0, received = 0, x, n, t = 0;
  wire in_ready, valid;
  wire [1:0] count;
  thresholds #(.WIDTH(4), .LEVELS(3), .COUNT(2), .CHANNELS(2), .FILE("thresholds.hex")) dut (
      .i_clk(clk), .i_rst(rst), .i_valid(push), .o_ready(in_ready), .i_value(sent[4:1]),
      .o_valid(valid), .i_ready(ready), .o_count(count)
  );
  always #1 clk = ~clk;
  always @(posedge clk) if (!rst) begin
    t = t + 1;
    if (valid && !ready) waited = waited + 1;
    if (valid && ready) begin
      x = (received >> 1) & 15;
      if (x > 7) x = x - 16;
      // -8, 0, 7 and -3, -3, 5
      n = received & 1 ? 2 * (x >= -3) + (x >= 5) : (x >= -8) + (x >= 0) + (x >= 7);
      if (count !== n) errors = errors + 1;
      received = received + 1;
    end
    if (push && in_ready) sent = sent + 1;
    push <= (push && !in_ready) || $random(seed) % 3 != 0;
    ready <= $random(seed) % 3 != 0;
    if (received == 128 || t == 10000) begin
      if (errors == 0 && waited > 0 && received == 128) $display("right, %0d stalls", waited);
      else $display("WRONG %0d", errors);
      $finish;
    end
  end
  initial #5 rst = 0;
endmodule
