import type { CoreInterface } from '../../fpga/board-top.js';
import type { OutputFile } from '../../models/index.js';

/**
 * A core small enough to be checked by eye: logit k is the sum of the values at k, k + LOGITS, ... plus its
 * weight.
 */
export const exampleCore: CoreInterface = {
  module: 'example',
  inputs: 12,
  logits: 4,
  spikeBits: 1,
  frameSpikes: 12,
  loads: true,
  status: true,
  tensors: 2,
};

export const exampleLogits = (values: Int8Array, weights: Int8Array): number[] =>
  [0, 1, 2, 3].map((k) => values.reduce((sum, v, i) => (i % 4 === k ? sum + v : sum), weights[k]!));

export const exampleSource: OutputFile = {
  path: 'example.v',
  contents: `\`default_nettype none
module example (
  input wire i_clk,
  input wire i_rst,
  input wire i_valid,
  output wire o_ready,
  input wire [7:0] i_data,
  input wire i_last,
  output wire o_valid,
  input wire i_ready,
  output wire [31:0] o_data,
  output wire o_last,
  output wire o_busy,
  output wire o_loaded,
  output wire o_misframed,
  output wire o_spikes,
  output wire o_trace_valid,
  output wire [15:0] o_trace_tensor,
  input wire i_weight_valid,
  input wire [31:0] i_weight_address,
  input wire [7:0] i_weight_data
);
  reg [31:0] sum_q[0:3];
  reg [7:0] weight_q[0:3];
  reg [4:0] at_q;  // 12 values, then 4 logits
  reg rest_q;  // a stall after each value
  reg loaded_q = 0;
  reg misframed_q;
  assign o_last = at_q == 15;
  assign o_busy = at_q != 0;
  assign o_loaded = loaded_q;
  assign o_misframed = misframed_q;
  assign o_ready = at_q < 12 && !rest_q;
  assign o_valid = at_q >= 12;
  assign o_data = sum_q[at_q[1:0]] + {{24{weight_q[at_q[1:0]][7]}}, weight_q[at_q[1:0]]};
  wire take = i_valid && o_ready;
  assign o_spikes = take && i_data != 0;
  assign o_trace_valid = take || (o_valid && i_ready);
  assign o_trace_tensor = {15'd0, o_valid};
  wire [31:0] value = {{24{i_data[7]}}, i_data};
  always @(posedge i_clk) begin
    rest_q <= take;
    if (take) sum_q[at_q[1:0]] <= (at_q < 4 ? 32'd0 : sum_q[at_q[1:0]]) + value;
    if (take || (o_valid && i_ready)) at_q <= at_q == 15 ? 5'd0 : at_q + 1'b1;
    if (i_weight_valid) weight_q[i_weight_address[1:0]] <= i_weight_data;
    if (i_weight_valid) loaded_q <= i_weight_address[1:0] == 3;
    if (take && i_last != (at_q == 11)) misframed_q <= 1;
    if (i_rst) begin
      at_q <= 0;
      misframed_q <= 0;
    end
  end
endmodule
\`default_nettype wire
`,
};
