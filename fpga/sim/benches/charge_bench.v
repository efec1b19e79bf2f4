// Exhaustive over sum (5 bits) and residual (4 bits) for the constants of two channels, stalled at random.
`timescale 1ns / 1ns
module bench;
  parameter PARALLEL = 0, CLAMP = 0;
  localparam OUT = CLAMP == 0 ? 10 : CLAMP;
  reg clk = 0, rst = 1, push = 0, residual_push = 0, ready = 0;
  reg [8:0] sent = 0, residual_sent = 0;
  integer seed = 1, errors = 0, waited = 0, received = 0, m, b, s, r, y, t = 0;
  wire in_ready, residual_ready, valid;
  wire signed [OUT-1:0] value;
  charge #(
      .SUM(5), .MULTIPLIER(3), .PRODUCT(9), .SHIFT(1), .RESIDUAL(4), .CLAMP(CLAMP), .OUT(OUT), .CHANNELS(2),
      .PARALLEL(PARALLEL), .FILE("charge.hex")
  ) dut (
      .i_clk(clk), .i_rst(rst), .i_valid(push), .o_ready(in_ready), .i_sum(sent[5:1]),
      .i_residual_valid(residual_push), .o_residual_ready(residual_ready), .i_residual({residual_sent[8:6], residual_sent[0]}),
      .o_valid(valid), .i_ready(ready), .o_value(value)
  );
  always #1 clk = ~clk;
  always @(posedge clk) if (!rst) begin
    t = t + 1;
    if (valid && !ready) waited = waited + 1;
    if (valid && ready) begin
      m = received & 1 ? 5 : 2;
      b = received & 1 ? -19 : 60;
      s = (received >> 1) & 31;
      if (s > 15) s = s - 32;
      r = ((received >> 6) & 7) * 2 + (received & 1);
      if (r > 7) r = r - 16;
      y = ((s * m + b) >>> 1) + r;
      if (CLAMP != 0 && y > (1 << CLAMP - 1) - 1) y = (1 << CLAMP - 1) - 1;
      if (CLAMP != 0 && y < -(1 << CLAMP - 1)) y = -(1 << CLAMP - 1);
      if (value !== y[OUT-1:0]) errors = errors + 1;
      received = received + 1;
    end
    if (push && in_ready) sent = sent + 1;
    if (residual_push && residual_ready) residual_sent = residual_sent + 1;
    push <= (push && !in_ready) || $random(seed) % 3 != 0;
    residual_push <= (residual_push && !residual_ready) || $random(seed) % 3 != 0;
    ready <= $random(seed) % 3 != 0;
    if (received == 1024 || t == 100000) begin
      if (errors == 0 && waited > 0 && received == 1024) $display("right, %0d stalls", waited);
      else $display("WRONG %0d", errors);
      $finish;
    end
  end
  initial #5 rst = 0;
endmodule
