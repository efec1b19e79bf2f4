// Runs one frame FRAMES times through spikelet_core and prints every traced value as `tensor value`, then `logit value`, and
// for each FIFO, where the core has any, `stalled clocks`. All stall at random, and what a stalled side shows must not change.
`default_nettype none
`timescale 1ns / 1ns
module trace_bench;
  parameter PIXELS = 4;
  parameter LOGITS = 2;
  parameter STALL = 0;  // clocks of 256
  parameter FRAMES = 1;
  parameter VALUES = 4;  // of all tensors and frames
  parameter TRACES = 1;
  parameter FIFOS = 1;

  reg clk = 0, rst = 1;
  reg [7:0] frame [0:PIXELS-1];
  integer at, written = 0, idle = 0;
`ifdef STALLS
  wire [FIFOS-1:0] stalled;
  integer stalls [0:FIFOS-1];
`endif
  integer sent = 0, next, received = 0, seed = 1;
  reg valid = 0, ready = 0;
  wire in_ready, out_valid, out_last, misframed;
  wire [31:0] data;
  wire [TRACES-1:0] trace_valid;
  wire [TRACES*32-1:0] value;
  wire [TRACES*16-1:0] tensor;
  reg held = 0;
  reg [31:0] held_data;

  spikelet_core core (
      .i_clk(clk), .i_rst(rst), .i_valid(valid), .o_ready(in_ready), .i_data(frame[sent % PIXELS]),
      .i_last(sent % PIXELS == PIXELS - 1), .o_valid(out_valid), .i_ready(ready), .o_data(data), .o_last(out_last),
      .o_busy(), .o_loaded(), .o_misframed(misframed),
      .i_weight_valid(1'b0), .i_weight_address(32'd0), .i_weight_data(8'd0),
      .o_spikes(),
`ifdef STALLS
      .i_stall(STALL[7:0]), .o_stalled(stalled),
`endif
      .o_trace_valid(trace_valid), .o_trace_tensor(tensor), .o_trace_value(value)
  );

  always #5 clk = ~clk;

  always @(posedge clk) if (!rst) begin
    if (held && (!out_valid || data !== held_data)) begin
      $display("a waiting logit changed");
      $finish;
    end
    held <= out_valid && !ready;
    held_data <= data;
    for (at = 0; at < TRACES; at = at + 1)
      if (trace_valid[at]) begin
        $display("%0d %0d", tensor[at*16 +: 16], $signed(value[at*32 +: 32]));
        written = written + 1;
        idle = 0;
      end
`ifdef STALLS
    for (at = 0; at < FIFOS; at = at + 1) stalls[at] = stalls[at] + stalled[at];
`endif
    idle = idle + 1;
    if (idle == 50000) begin
      $display("nothing moves");
      $finish;
    end
    // What the core sees changes after the clock, not in it.
    next = sent + (valid && in_ready);
    sent <= next;
    if (out_valid && ready) begin
      $display("logit %0d", $signed(data));
      if (out_last !== (received % LOGITS == LOGITS - 1)) $display("o_last is wrong");
      received = received + 1;
    end
    valid <= next < PIXELS * FRAMES && ((valid && !in_ready) || ($random(seed) & 255) >= STALL);
    ready <= ($random(seed) & 255) >= STALL;
    if (misframed) $display("the core counts other frames");
    // Values that no logit needs may come later.
    if (received == LOGITS * FRAMES && written == VALUES) begin
`ifdef STALLS
      for (at = 0; at < FIFOS; at = at + 1) $display("stalled %0d", stalls[at]);
`endif
      $finish;
    end
  end

  initial begin
`ifdef STALLS
    for (at = 0; at < FIFOS; at = at + 1) stalls[at] = 0;
`endif
    $readmemh("frame.hex", frame);
    #25 rst = 0;
    #1000000000 $display("no end");
    $finish;
  end
endmodule
`default_nettype wire
