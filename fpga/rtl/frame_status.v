// What a core tells of itself: whether its weights are whole, whether frames are in work, which value is a frame's last.
// A frame waits until the weights are whole, and weights are taken only while no frame is in work.
`default_nettype none
module frame_status #(
    parameter VALUES = 784,  // of a frame
    parameter LOGITS = 10,
    parameter LOADED = 1,    // 1: the weights stand in the bitstream, 0: they must be loaded
    parameter BYTES = 1      // of the weights
) (
    input  wire        i_clk,
    input  wire        i_rst,
    // The frame, between whoever sends it and the core behind.
    input  wire        i_valid,
    output wire        o_ready,
    input  wire        i_last,
    output wire        o_valid,
    input  wire        i_ready,
    input  wire        i_logit,           // a logit is taken
    output wire        o_last,            // the logit that is offered is the frame's last
    // The bytes of the weights.
    input  wire        i_weight_valid,
    input  wire [31:0] i_weight_address,
    output wire        o_weight_valid,
    output wire        o_busy,            // from a frame's first value to the last logit of all frames in work
    output wire        o_loaded,          // the weights are whole, their last load too
    output wire        o_misframed        // i_last has come with another value than the last, or not with it
);
  localparam V = VALUES < 2 ? 1 : $clog2(VALUES), L = LOGITS < 2 ? 1 : $clog2(LOGITS);
  localparam LAST_VALUE_N = VALUES - 1, LAST_LOGIT_N = LOGITS - 1, LAST_BYTE_N = BYTES - 1;
  localparam [V-1:0] LAST_VALUE = LAST_VALUE_N[V-1:0], VALUE_ONE = 1;
  localparam [L-1:0] LAST_LOGIT = LAST_LOGIT_N[L-1:0], LOGIT_ONE = 1;
  localparam [31:0] LAST_BYTE = LAST_BYTE_N;

  reg [V-1:0] value_q;
  reg [L-1:0] logit_q;
  reg [7:0] frames_q;  // whose last value is taken, whose last logit is not
  reg misframed_q;
  wire taken = i_valid && o_ready;
  wire last_value = value_q == LAST_VALUE;
  wire enters = taken && last_value;
  wire leaves = i_logit && o_last;
  assign o_last = logit_q == LAST_LOGIT;
  assign o_busy = value_q != 0 || frames_q != 0;
  assign o_misframed = misframed_q;

  always @(posedge i_clk)
    if (i_rst) begin
      value_q <= 0;
      logit_q <= 0;
      frames_q <= 0;
      misframed_q <= 1'b0;
    end else begin
      if (taken) value_q <= last_value ? 0 : value_q + VALUE_ONE;
      if (i_logit) logit_q <= o_last ? 0 : logit_q + LOGIT_ONE;
      if (enters && !leaves) frames_q <= frames_q + 8'd1;
      else if (leaves && !enters) frames_q <= frames_q - 8'd1;
      if (taken && i_last != last_value) misframed_q <= 1'b1;
    end

  // A reset leaves the weights as they are. From address 0 on they come in order; what breaks off is not whole.
  reg loaded_q, loading_q;
  wire first = i_weight_address == 32'd0;
  initial loaded_q = LOADED != 0;
  initial loading_q = 1'b0;
  assign o_weight_valid = i_weight_valid && !o_busy;
  always @(posedge i_clk)
    if (o_weight_valid) begin
      loaded_q <= (first || loading_q) && i_weight_address == LAST_BYTE;
      loading_q <= (first || loading_q) && i_weight_address != LAST_BYTE;
    end
  assign o_loaded = loaded_q;
  assign o_valid = i_valid && loaded_q;
  assign o_ready = i_ready && loaded_q;
endmodule
`default_nettype wire
