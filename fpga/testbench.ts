import type { Graph } from '../models/graph.js';
import { interpret, pixelTable, rawToPixels } from '../models/interpret.js';
import type { OutputFile } from '../models/output.js';
import { product } from '../models/tensor.js';
import type { Architecture } from './emit/index.js';

/**
 * `loads`: bytes of weights.bin that the core gets before the frame; 0 if its weights are part of the
 * bitstream.
 */
export type TestbenchOptions = { architecture: Architecture; loads: number };

/** File names of the testbench, relative to the folder above it, where the simulator runs. */
export const testbench = {
  verilog: 'sim/testbench.v',
  frame: 'sim/frame.hex',
  logits: 'sim/logits.hex',
} as const;

/** Printed on the last line if all logits are equal. */
export const testbenchPassed = 'PASSED';

/**
 * A self-checking testbench: a frame of noise, the logits that the interpreter computes for it, and Verilog
 * that feeds the frame to `spikelet_core` and compares the logits.
 */
export function emitTestbench(graph: Graph, options: TestbenchOptions): OutputFile[] {
  const { shape } = graph.tensors['input']!;
  const pixels = rawToPixels(pixelTable(graph), noise(product(shape)));
  const logits = [...interpret(graph, pixels)];
  return [
    { path: testbench.verilog, contents: source(pixels.length, logits.length, options) },
    { path: testbench.frame, contents: hex([...pixels], 8) },
    { path: testbench.logits, contents: hex(logits, 32) },
  ];
}

/** Always the same bytes: the top ones of a linear congruential generator's states. */
function noise(count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  let state = 1;
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

/** One value per line in two's complement, for $readmemh. */
const hex = (values: number[], bits: 8 | 32): string =>
  `${values.map((value) => (bits === 8 ? value & 255 : value >>> 0).toString(16).padStart(bits / 4, '0')).join('\n')}\n`;

const source = (
  values: number,
  logits: number,
  { architecture, loads }: TestbenchOptions,
): string => `// Gives spikelet_core the frame of ${testbench.frame} and compares its logits with those of ${testbench.logits}, which spikelet's interpreter
// computed. Runs in the folder above, where the memories' files are.
\`default_nettype none
\`timescale 1ns / 1ns
module testbench;
  localparam VALUES = ${values}, LOGITS = ${logits}, WEIGHT_BYTES = ${loads};
  localparam PATIENCE = 50_000_000;  // clocks in which nothing comes

  reg clk = 0, rst = 1;
  reg valid = 0, last = 0;
  reg [7:0] value = 0;
  reg weight_valid = 0;
  reg [31:0] weight_address = 0;
  reg [7:0] weight = 0;
  wire ready, logit_valid, logit_last, loaded, misframed;
  wire [31:0] logit;
  spikelet_core core (
      .i_clk(clk), .i_rst(rst),
      .i_valid(valid), .o_ready(ready), .i_data(value), .i_last(last),
      .o_valid(logit_valid), .i_ready(1'b1), .o_data(logit), .o_last(logit_last),
      .i_weight_valid(weight_valid), .i_weight_address(weight_address), .i_weight_data(weight),
      .o_busy(), .o_loaded(loaded), .o_misframed(misframed), .o_spikes(),
${architecture === 'streaming' ? "      .i_stall(8'd0), .o_stalled(),\n" : ''}      .o_trace_valid(), .o_trace_tensor(), .o_trace_value()
  );
  always #5 clk = ~clk;

  reg [7:0] frame [0:VALUES-1];
  reg [31:0] expected [0:LOGITS-1];
  reg failed = 1'b0;
  integer at = 0, file, cycles = 0, idle = 0, received = 0, wrong = 0;

  initial begin
    $readmemh("${testbench.frame}", frame);
    $readmemh("${testbench.logits}", expected);
    repeat (4) @(posedge clk);
    rst <= 1'b0;
${
  loads
    ? `    file = $fopen("weights.bin", "rb");
    if (file == 0) fail("weights.bin cannot be read");
    for (at = 0; at < WEIGHT_BYTES; at = at + 1) begin
      weight_valid <= 1'b1;
      weight_address <= at;
      weight <= $fgetc(file);
      @(posedge clk);
    end
    weight_valid <= 1'b0;
`
    : ''
}    repeat (2) @(posedge clk);
    if (!loaded) fail("the core does not find its weights whole");
    at = 0;
    while (at < VALUES) begin
      valid <= 1'b1;
      value <= frame[at];
      last <= at == VALUES - 1;
      @(posedge clk);
      while (!ready) @(posedge clk);
      at = at + 1;
    end
    valid <= 1'b0;
  end

  always @(posedge clk) begin
    if (valid || at == VALUES) cycles = cycles + 1;
    idle = logit_valid || (valid && ready) || weight_valid ? 0 : idle + 1;
    if (idle == PATIENCE) fail("nothing comes");
    if (logit_valid && !rst) begin
      if (logit !== expected[received]) begin
        $display("logit %0d is %0d, expected %0d", received, $signed(logit), $signed(expected[received]));
        wrong = wrong + 1;
      end
      if (logit_last !== (received == LOGITS - 1)) fail("o_last is wrong");
      received = received + 1;
      if (received == LOGITS) begin
        if (misframed) fail("the core counts other frames");
        if (wrong != 0) fail("logits differ");
        // $finish of a failure lets what stands behind it in the same clock go on.
        if (!failed) $display("${testbenchPassed}: %0d logits equal, %0d cycles", LOGITS, cycles);
        $finish;
      end
    end
  end

  task fail(input [8*40-1:0] why);
    begin
      $display("FAILED: %0s", why);
      failed = 1'b1;
      $finish;
    end
  endtask
endmodule
\`default_nettype wire
`;
