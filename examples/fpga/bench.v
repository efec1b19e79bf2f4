// A design of your own around spikelet_core: sends one frame, a value in each clock in which the core is ready, and prints
// the logits.
`default_nettype none
`timescale 1ns / 1ns
module bench;
  parameter PIXELS = 2048;
  parameter LOGITS = 8;

  reg clk = 0, rst = 1;
  reg [7:0] frame [0:PIXELS-1];
  integer sent = 0, received = 0, clocks = 0;
  wire ready, valid;
  wire [31:0] logit;

  spikelet_core core (
      .i_clk(clk), .i_rst(rst),
      .i_valid(!rst && sent < PIXELS), .o_ready(ready), .i_data(frame[sent % PIXELS]), .i_last(sent == PIXELS - 1),
      .o_valid(valid), .i_ready(1'b1), .o_data(logit), .o_last(),
      .i_weight_valid(1'b0), .i_weight_address(32'd0), .i_weight_data(8'd0),
      .o_busy(), .o_loaded(), .o_misframed(),
      .o_spikes(), .o_trace_valid(), .o_trace_tensor(), .o_trace_value()
  );

  always #5 clk = ~clk;

  always @(posedge clk) if (!rst) begin
    clocks <= clocks + 1;
    if (ready && sent < PIXELS) sent <= sent + 1;
    if (valid) begin
      $display("logit %0d %0d", received, $signed(logit));
      received = received + 1;
      if (received == LOGITS) begin
        $display("clocks %0d", clocks);
        $finish;
      end
    end
  end

  initial begin
    $readmemh("frame.hex", frame);
    repeat (4) @(posedge clk);
    rst <= 0;
  end
endmodule
