import type { OutputFile } from '../models/output.js';
import { type Board, constraintsOf } from './boards/board.js';
import { addressBits } from './emit/constants.js';

/**
 * What a board top needs to know about a core. Its ports: i_clk, i_rst; values in by i_valid, o_ready, i_data
 * (8 bits); logits out by o_valid, i_ready, o_data (32 bits). `spikeBits`: width of o_spikes, the number of
 * spikes fired in a clock; 0 if the core does not have it. `loads`: it takes weights by i_weight_valid,
 * i_weight_address (32 bits), i_weight_data (8 bits). `status`: it has i_last, o_last, o_busy, o_loaded and
 * o_misframed. `stalls`: i_stall (8 bits) stalls its FIFOs; a board ties it to 0.
 */
export type CoreInterface = {
  module: string;
  inputs: number;
  logits: number;
  spikeBits: number;
  /** Maximum number of spikes in a frame. */
  frameSpikes: number;
  loads: boolean;
  status?: boolean;
  stalls?: boolean;
  /**
   * Number of tensors whose cycles and spikes o_trace_valid and o_trace_tensor (16 bits) count; 0 if the core
   * lacks these ports.
   */
  tensors: number;
  /** Values traced in one clock; the link only sees the lowest. */
  traces?: number;
  /** Outputs used only in simulation, with their widths; a board leaves them open. */
  open?: { port: string; bits: number }[];
};

/** Verilog files of this folder that every board top needs. */
export const linkSources = ['uart_rx.v', 'uart_tx.v', 'crc16.v', 'host_link.v'] as const;

/** The top module of a whole design: a clock, a reset and a serial line in each direction. */
export const boardTop = 'board_top';

/** The file of a board's clock if it has a PLL; simulators use `plainClock` instead. */
export const clockFile = 'board_clock.v';

/** The input clock, unchanged. */
export const plainClock = `\`default_nettype none
module board_clock (
  input wire i_clk,
  output wire o_clk,
  output wire o_locked
);
  assign o_clk = i_clk;
  assign o_locked = 1'b1;
endmodule
\`default_nettype wire
`;

function clockSource({ pad, divr, divf, divq, filter }: NonNullable<Board['pll']>): string {
  const bits = (value: number, width: number) => `${width}'d${value}`;
  return `\`default_nettype none
module board_clock (
  input wire i_clk,
  output wire o_clk,
  output wire o_locked
);
  SB_PLL40_${pad ? 'PAD' : 'CORE'} #(
    .FEEDBACK_PATH("SIMPLE"),
    .DIVR(${bits(divr, 4)}),
    .DIVF(${bits(divf, 7)}),
    .DIVQ(${bits(divq, 3)}),
    .FILTER_RANGE(${bits(filter, 3)})
  ) pll (
    .${pad ? 'PACKAGEPIN' : 'REFERENCECLK'}(i_clk),
    .PLLOUTGLOBAL(o_clk),
    .LOCK(o_locked),
    .RESETB(1'b1),
    .BYPASS(1'b0)
  );
endmodule
\`default_nettype wire
`;
}

/** Configuration hash in the reply to a ping: identifies the core and the board it was built for. */
export type Configuration = { hash: number };

/** Bytes of a frame's request plus its reply (rtl/host_link.v). */
export const linkBytes = (inputs: number, logits: number): number => 5 + inputs + 5 + 4 * logits;

/** Seconds that a frame and its logits take on the line, at ten bits per byte. */
export const linkSeconds = (board: Board, inputs: number, logits: number): number =>
  (10 * linkBytes(inputs, logits)) / board.baud;

/** The board's top module and its pins. */
export function emitBoardTop(board: Board, core: CoreInterface, { hash }: Configuration): OutputFile[] {
  const divide = Math.round(board.clockHz / board.baud);
  const files: OutputFile[] = [{ path: `${boardTop}.v`, contents: topSource(board, core, hash, divide) }];
  if (board.pll) files.push({ path: clockFile, contents: clockSource(board.pll) });
  if (board.nextpnr) files.push({ path: `${board.name}.pcf`, contents: constraintsOf(board) });
  return files;
}

/** The wire for a port that a board leaves open. */
const unusedWire = (port: string): string => `unused_${port.slice(2)}`;

/** Connections that only some cores have. */
function optionalPorts({ spikeBits, loads, status, stalls, tensors, open = [] }: CoreInterface): string[] {
  const weights = ['valid', 'address', 'data'].map((what) => `.i_weight_${what}(weight_${what})`);
  const told = ['.o_busy(busy)', '.o_loaded(loaded)', '.o_misframed(misframed)'];
  return [
    ...(spikeBits ? ['.o_spikes(spikes)'] : []),
    ...(loads ? weights : []),
    ...(status ? ['.i_last(value_last)', '.o_last(logit_last)', ...told] : []),
    ...(stalls ? [".i_stall(8'd0)"] : []),
    ...(tensors ? ['.o_trace_valid(traces_valid)', '.o_trace_tensor(traces_tensor)'] : []),
    ...open.map(({ port }) => `.${port}(${unusedWire(port)})`),
  ];
}

/** Wires that nothing reads. */
function unusedWires({ loads, status, traces = 1, open = [] }: CoreInterface): string[] {
  return [
    ...open.map(({ port }) => unusedWire(port)),
    'logit_last',
    ...(status ? [] : ['value_last']),
    ...(loads ? [] : ['weight_valid', 'weight_address', 'weight_data']),
    ...(traces > 1 ? ['traces_valid', 'traces_tensor'] : []),
  ];
}

function topSource(board: Board, core: CoreInterface, hash: number, divide: number): string {
  const spikes = Math.max(1, core.spikeBits);
  const { traces = 1, open = [] } = core;
  const optional = optionalPorts(core);
  return `// ${core.module} on ${board.title}: commands over a serial line (host_link.v), ${board.baud} baud, 8N1.
\`default_nettype none
module ${boardTop} (
  input wire i_clk,  // ${(board.pll?.fromHz ?? board.clockHz) / 1e6} MHz
  input wire i_rx,
  output wire o_tx
);
  wire clk, locked;  // ${board.clockHz / 1e6} MHz
${board.pll ? '  board_clock clock (.i_clk(i_clk), .o_clk(clk), .o_locked(locked));' : "  assign clk = i_clk;\n  assign locked = 1'b1;"}

  // Held for 16 clocks after configuration, for block RAM of iCE40 is not ready at once, and after a clock that was lost.
  reg [1:0] locked_q = 2'b00;  // the PLL's lock comes at any time
  reg [4:0] awake_q = 5'd0;
  always @(posedge clk) begin
    locked_q <= {locked_q[0], locked};
    if (!locked_q[1]) awake_q <= 5'd0;
    else if (!awake_q[4]) awake_q <= awake_q + 1'b1;
  end
  wire rst = !awake_q[4];

  wire rx_valid, tx_valid, tx_ready;
  wire [7:0] rx_data, tx_data;
  uart_rx #(.DIVIDE(${divide})) rx (
    .i_clk(clk), .i_rst(rst), .i_rx(i_rx), .o_valid(rx_valid), .o_data(rx_data)
  );
  uart_tx #(.DIVIDE(${divide})) tx (
    .i_clk(clk), .i_rst(rst), .i_valid(tx_valid), .o_ready(tx_ready), .i_data(tx_data), .o_tx(o_tx)
  );

  wire core_rst, value_valid, value_ready, value_last, logit_valid, logit_ready, logit_last;
  wire busy, loaded, misframed;
  wire [7:0] value;
  wire [31:0] logit;
  wire [${spikes - 1}:0] spikes;
  wire [${traces - 1}:0] traces_valid;
  wire [${16 * traces - 1}:0] traces_tensor;
  wire weight_valid;
  wire [31:0] weight_address;
  wire [7:0] weight_data;
${open.map(({ port, bits }) => `  wire [${bits - 1}:0] ${unusedWire(port)};\n`).join('')}${core.status ? '' : "  assign logit_last = 1'b0;\n  assign busy = 1'b0;\n  assign loaded = 1'b1;\n  assign misframed = 1'b0;\n"}  wire unused = &{1'b0, ${unusedWires(core).join(', ')}};
${core.spikeBits ? '' : '  assign spikes = 0;\n'}${core.tensors ? '' : "  assign traces_valid = 1'b0;\n  assign traces_tensor = 16'd0;\n"}  host_link #(
    .HASH(32'h${hash.toString(16).padStart(8, '0')}),
    .INPUTS(${core.inputs}),
    .LOGITS(${core.logits}),
    .SPIKE_BITS(${spikes}),
    .SPIKES(${Math.max(spikes, addressBits(core.frameSpikes + 1))}),
    .TENSORS(${core.tensors})
  ) link (
    .i_clk(clk), .i_rst(rst),
    .i_rx_valid(rx_valid), .i_rx_data(rx_data),
    .o_tx_valid(tx_valid), .i_tx_ready(tx_ready), .o_tx_data(tx_data),
    .o_core_rst(core_rst),
    .o_valid(value_valid), .i_ready(value_ready), .o_data(value), .o_last(value_last),
    .i_valid(logit_valid), .o_ready(logit_ready), .i_data(logit),
    .o_weight_valid(weight_valid), .o_weight_address(weight_address), .o_weight_data(weight_data),
    .i_busy(busy), .i_loaded(loaded), .i_misframed(misframed),
    .i_spikes(spikes), .i_trace_valid(traces_valid[0]), .i_trace_tensor(traces_tensor[15:0])
  );

  ${core.module} core (
    .i_clk(clk), .i_rst(core_rst),
    .i_valid(value_valid), .o_ready(value_ready), .i_data(value),
    .o_valid(logit_valid), .i_ready(logit_ready), .o_data(logit)${optional.length ? `,\n    ${optional.join(',\n    ')}` : ''}
  );
endmodule
\`default_nettype wire
`;
}
