/** Ports of every top (fpga/README.md) after clock and reset: frame in, logits out, weights, status. */
export const framePorts = `    input  wire        i_valid,
    output wire        o_ready,
    input  wire [7:0]  i_data,
    input  wire        i_last,
    output wire        o_valid,
    input  wire        i_ready,
    output wire [31:0] o_data,
    output wire        o_last,
    input  wire        i_weight_valid,
    input  wire [31:0] i_weight_address,
    input  wire [7:0]  i_weight_data,
    output wire        o_busy,
    output wire        o_loaded,
    output wire        o_misframed,`;

/**
 * What a top's status needs. `loaded`: the weights are part of the bitstream. `bytes`: size of the weights
 * that can be loaded, or 0.
 */
export type FrameSizes = { values: number; logits: number; bytes: number; loaded: boolean };

/**
 * The instance of rtl/frame_status.v, between the ports and the wires value_valid, value_ready and
 * weight_valid.
 */
export const frameStatus = ({
  values,
  logits,
  bytes,
  loaded,
}: FrameSizes): string => `  wire value_valid, value_ready, weight_valid;
  frame_status #(.VALUES(${values}), .LOGITS(${logits}), .LOADED(${Number(loaded)}), .BYTES(${Math.max(1, bytes)})) frame (
      .i_clk(i_clk), .i_rst(i_rst),
      .i_valid(i_valid), .o_ready(o_ready), .i_last(i_last), .o_valid(value_valid), .i_ready(value_ready),
      .i_logit(o_valid && i_ready), .o_last(o_last),
      .i_weight_valid(${bytes ? 'i_weight_valid' : "1'b0"}), .i_weight_address(i_weight_address), .o_weight_valid(weight_valid),
      .o_busy(o_busy), .o_loaded(o_loaded), .o_misframed(o_misframed)
  );
`;
