// Runs one frame through spikelet_core and prints every traced value as `tensor value`, then `logit value`.
// Both sides stall at random, and what a stalled side shows must not change.
`default_nettype none
`timescale 1ns / 1ns
module trace_bench;
  parameter PIXELS = 4;
  parameter LOGITS = 2;
  parameter STALL = 0;  // clocks of 256

  reg clk = 0, rst = 1;
  reg [7:0] frame [0:PIXELS-1];
  integer sent = 0, received = 0, seed = 1;
  reg valid = 0, ready = 0;
  wire in_ready, out_valid, trace_valid;
  wire [31:0] data, value;
  wire [15:0] tensor;
  reg held = 0;
  reg [31:0] held_data;

  spikelet_core core (
      .i_clk(clk), .i_rst(rst), .i_valid(valid), .o_ready(in_ready), .i_data(frame[sent < PIXELS ? sent : 0]),
      .o_valid(out_valid), .i_ready(ready), .o_data(data),
      .i_weight_valid(1'b0), .i_weight_address(32'd0), .i_weight_data(8'd0),
      .o_spikes(), .o_trace_valid(trace_valid), .o_trace_tensor(tensor), .o_trace_value(value)
  );

  always #5 clk = ~clk;

  always @(posedge clk) if (!rst) begin
    if (held && (!out_valid || data !== held_data)) begin
      $display("a waiting logit changed");
      $finish;
    end
    held <= out_valid && !ready;
    held_data <= data;
    if (trace_valid) $display("%0d %0d", tensor, $signed(value));
    if (valid && in_ready) sent = sent + 1;
    if (out_valid && ready) begin
      $display("logit %0d", $signed(data));
      received = received + 1;
      if (received == LOGITS) $finish;
    end
    valid <= sent < PIXELS && ((valid && !in_ready) || ($random(seed) & 255) >= STALL);
    ready <= ($random(seed) & 255) >= STALL;
  end

  initial begin
    $readmemh("frame.hex", frame);
    #25 rst = 0;
    #1000000000 $display("no end");
    $finish;
  end
endmodule
`default_nettype wire
