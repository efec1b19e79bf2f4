import type { Graph, Proof } from '../../models/graph.js';
import { product } from '../../models/tensor.js';
import { bitsFor, wrap } from './constants.js';
import { layOut } from './layout.js';
import { type FieldName, type Program, programOf, widths } from './steps.js';

/** How an event is added: once per spike, once per set bit of its count, or multiplied. In the order of rtl/spike_steps.v. */
export const datapaths = ['unary', 'popcount', 'dsp'] as const;
export type Datapath = (typeof datapaths)[number];

/** What the top gives spike_engine.v, and the contents of its memories. */
export type Sequential = {
  parameters: Record<string, number>;
  program: Program;
  /** Bits of a word of weights and of a constant. */
  word: number;
  constant: number;
};

const addressBits = (words: number): number => Math.max(1, Math.ceil(Math.log2(words)));

/** Sizes every width by the graph's proof. */
export function sequential(
  graph: Graph,
  proof: Proof,
  { lanes, datapath, sprams }: { lanes: number; datapath: Datapath; sprams: number },
): Sequential {
  const layout = layOut(graph);
  const convolutions = graph.nodes.filter((node) => node.op === 'accumulate');
  const bits = convolutions.reduce((most, node) => Math.max(most, node.bits), 4);
  const program = programOf(graph, proof, layout, { lanes, bits });
  const of = (ranges: { lo: number; hi: number }[]) =>
    bitsFor(Math.min(0, ...ranges.map(({ lo }) => lo)), Math.max(0, ...ranges.map(({ hi }) => hi)));
  const stored = [...proof.tensors]
    .filter(([name]) => graph.tensors[name]!.kind !== 'logits')
    .map(([name, { lo, hi }]) => ({
      lo: Math.min(...lo),
      hi: Math.max(...hi, graph.tensors[name]!.levels ?? 0),
    }));
  // k^T v is bounded by what its inputs reach at every place.
  const products = graph.nodes.flatMap((node) => {
    if (node.op !== 'attend') return [];
    const [rows, columns] = graph.tensors[node.inputs[0]]!.shape;
    const most = (name: string) => Math.max(...proof.tensors.get(name)!.hi);
    return [{ lo: 0, hi: rows * columns * most(node.inputs[1]) * most(node.inputs[2]) }];
  });
  const map = Math.max(8, of([...stored, ...products]));
  const accumulators = [...proof.nodes.values()].map(({ accumulator: { lo, hi } }) => ({ lo, hi: hi + 1 }));
  const sum = Math.max(map, bits, of([...accumulators, ...products]));
  const scaled = [...proof.nodes.values()].flatMap(({ product: range }) => (range ? [range] : []));
  const productBits = Math.max(sum, of([...scaled, ...program.constants.map((c) => ({ lo: c, hi: c }))]));
  const levels = Object.values(graph.tensors).map((tensor) => tensor.levels ?? 0);
  const wide = convolutions.some((node) => graph.tensors[node.input]!.kind === 'pixels');
  const value = Math.max(wide ? 8 : 0, bitsFor(0, Math.max(1, ...levels)));
  const a = addressBits(layout.words);
  const mapHuge = spramsOf(map, layout.words) <= sprams;
  const left = mapHuge ? sprams - spramsOf(map, layout.words) : sprams;
  const weightHuge = spramsOf(lanes * bits, program.weights.length) <= left;
  return {
    program,
    word: lanes * bits,
    constant: productBits,
    parameters: {
      LANES: lanes,
      DATAPATH: datapaths.indexOf(datapath),
      WEIGHT: bits,
      WEIGHT_WORDS: Math.max(1, program.weights.length),
      WEIGHT_HUGE: Number(weightHuge),
      MAP_HUGE: Number(mapHuge),
      MAP: map,
      MAP_WORDS: layout.words,
      VALUE: value,
      EVENTS: program.events,
      CONSTANT: productBits,
      CONSTANT_WORDS: Math.max(1, program.constants.length),
      SUM: sum,
      PRODUCT: productBits,
      PIXELS: product(graph.tensors['input']!.shape),
      STEPS: program.steps.length,
      STEP: addressBits(program.steps.length + 1),
      COUNT:
        addressBits(
          2 +
            Math.max(
              product(graph.tensors['input']!.shape),
              ...program.steps.flatMap(({ fields }) => counts(fields)),
            ),
        ) + 1,
      A: a,
      // Operands are weights or words of the map.
      B: Math.max(a, addressBits(program.weights.length + 1)),
      C: addressBits(program.constants.length + 2),
    },
  };
}

/** Single-port RAMs of 16384 words of 16 bits that a memory takes. */
const spramsOf = (bits: number, words: number): number => Math.ceil(bits / 16) * Math.ceil(words / 16384);

const counts = (fields: Partial<Record<FieldName, number>>): number[] =>
  Object.entries(fields).flatMap(([name, value]) => (widths[name as FieldName] === 'COUNT' ? [value] : []));

const ones = new Set<FieldName>([
  'rows',
  'columns',
  'groups',
  'outputs',
  'height',
  'width',
  'kernel_rows',
  'kernel_columns',
  'depth',
]);

/** The layer program: one case per step, commented with the layer's equation and shapes. */
export function programSource(graph: Graph, { program, parameters }: Sequential): string {
  const names = Object.keys(widths) as FieldName[];
  const bits = (name: FieldName) => {
    const width = widths[name];
    return typeof width === 'number' ? width : (parameters[width] as number);
  };
  const step = parameters['STEP'] as number;
  // What no step changes is a wire.
  const value = (at: number, name: FieldName) =>
    wrap(program.steps[at]!.fields[name] ?? (ones.has(name) ? 1 : 0), bits(name));
  const fixed = names.filter((name) => program.steps.every((_, at) => value(at, name) === value(0, name)));
  const range = (name: FieldName) => (bits(name) === 1 ? '' : `[${bits(name) - 1}:0] `);
  const literal = (at: number, name: FieldName) => `${bits(name)}'d${value(at, name)}`;
  const moving = names.filter((name) => !fixed.includes(name));
  const cases = program.steps.map(({ comment }, at) =>
    [
      ...comment.map((line) => `      // ${line}`),
      `      ${at === program.steps.length - 1 ? 'default' : `${step}'d${at}`}: begin`,
      ...moving.map((name) => `        o_${name} <= ${literal(at, name)};`),
      '      end',
    ].join('\n'),
  );
  return `// The layers of '${comment(graph.name)}' as steps of spike_engine.v.
\`default_nettype none
module spikelet_program (
    input  wire i_clk,
    input  wire [${step - 1}:0] i_step,
${names.map((name) => `    output ${fixed.includes(name) ? 'wire' : 'reg'} ${range(name)}o_${name}`).join(',\n')}
);
${fixed.map((name) => `  assign o_${name} = ${literal(0, name)};`).join('\n')}

  always @(posedge i_clk)
    case (i_step)
${cases.join('\n')}
    endcase
${moving.length ? '' : "  wire unused = &{1'b0, i_clk, i_step};\n"}endmodule
\`default_nettype wire
`;
}

const comment = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?');

/** The top: the engine with its program. */
export function topSource(graph: Graph, { parameters }: Sequential): string {
  const names = Object.keys(widths) as FieldName[];
  const wire = (name: FieldName) => {
    const width = widths[name];
    const bits = typeof width === 'number' ? width : (parameters[width] as number);
    return `  wire ${bits === 1 ? '' : `[${bits - 1}:0] `}step_${name};`;
  };
  return `// '${comment(graph.name)}' on one time-multiplexed core of ${parameters['LANES']} lanes.
\`default_nettype none
module spikelet_core #(
    parameter WEIGHT_FILE = "weights.hex",
    parameter CONSTANT_FILE = "constants.hex"
) (
    input  wire        i_clk,
    input  wire        i_rst,
    input  wire        i_valid,
    output wire        o_ready,
    input  wire [7:0]  i_data,
    output wire        o_valid,
    input  wire        i_ready,
    output wire [31:0] o_data,
    input  wire        i_weight_valid,
    input  wire [31:0] i_weight_address,
    input  wire [7:0]  i_weight_data,
    output wire [3:0]  o_spikes,
    output wire        o_trace_valid,
    output wire [15:0] o_trace_tensor,
    output wire [31:0] o_trace_value
);
  wire [${(parameters['STEP'] as number) - 1}:0] step;
${names.map(wire).join('\n')}

  spikelet_program layers (
      .i_clk(i_clk),
      .i_step(step),
${names.map((name) => `      .o_${name}(step_${name})`).join(',\n')}
  );

  spike_engine #(
${Object.entries(parameters)
  .map(([name, x]) => `      .${name}(${x}),`)
  .join('\n')}
      .WEIGHT_FILE(WEIGHT_FILE),
      .CONSTANT_FILE(CONSTANT_FILE)
  ) engine (
      .i_clk(i_clk), .i_rst(i_rst),
      .i_valid(i_valid), .o_ready(o_ready), .i_data(i_data),
      .o_valid(o_valid), .i_ready(i_ready), .o_data(o_data),
      .i_weight_valid(i_weight_valid), .i_weight_address(i_weight_address), .i_weight_data(i_weight_data),
      .o_spikes(o_spikes),
      .o_trace_valid(o_trace_valid), .o_trace_tensor(o_trace_tensor), .o_trace_value(o_trace_value),
      .o_step(step),
${names.map((name) => `      .i_${name}(step_${name})`).join(',\n')}
  );
endmodule
\`default_nettype wire
`;
}
