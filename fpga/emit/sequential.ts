import { type Graph, type GraphNode, outputOf, type Proof } from '../../models/graph.js';
import { isAccumulate } from '../../models/ops/accumulate.js';
import { product } from '../../models/tensor.js';
import { verilogComment } from '../../models/text/verilog.js';
import { sequentialOp } from '../ops/index.js';
import { addressBits, bitsFor, rowWords, wrap } from './constants.js';
import { type Datapath, datapaths } from './datapaths.js';
import { equationOf } from './equations.js';
import { framePorts, frameStatus } from './frame.js';
import { layOut, type Temporaries, temporaryOf } from './layout.js';
import { placeMemories, storedIn } from './memories.js';
import { programOf } from './program.js';
import { END, encodingOf, type FieldName, type Fields, OPERAND, type Program, widths } from './steps.js';

export { type Datapath, datapaths };

export type SequentialOptions = { lanes: number; datapath: Datapath; sprams: number; multipliers: boolean };

/** Parameters that the top gives spike_engine.v, and the contents of its memories. */
export type Sequential = {
  parameters: Record<string, number>;
  program: Program;
  /** Width of a word of weights and of a constant. */
  word: number;
  constant: number;
};

const spanOf = (ranges: { lo: number; hi: number }[]): number =>
  bitsFor(Math.min(0, ...ranges.map(({ lo }) => lo)), Math.max(0, ...ranges.map(({ hi }) => hi)));

/** Whether a part has two multipliers left for scaling: lanes that multiply get theirs first. */
export const scalesByMultipliers = (
  dsps: number,
  { lanes, datapath }: { lanes: number; datapath: Datapath },
): boolean => dsps >= (datapath === 'dsp' ? lanes : 0) + 2;

/** Temporaries of the nodes, by name. */
const temporariesOf = (graph: Graph, proof: Proof): Temporaries =>
  new Map(
    graph.nodes.flatMap((node) => {
      const needed = sequentialOp(node).temporary?.(node, graph, proof);
      return needed ? [[temporaryOf(node), needed] as const] : [];
    }),
  );

/**
 * An accumulation whose sums are multiplied, with the ranges of its sums and of its products at the program's
 * common shift.
 */
type Scaled = { end: End; accumulator: Range; product: Range; multiplier: number };
type Range = { lo: number; hi: number };
type End = Extract<GraphNode, { op: 'accumulate' }>['end'];

function scaledOf(graph: Graph, proof: Proof, shifts: Program['shifts']): Scaled[] {
  return graph.nodes.flatMap((node) => {
    const { accumulator, product: range } = proof.nodes.get(node.name)!;
    if (!range || !isAccumulate(node) || node.end.kind === 'fire') return [];
    const times = 2 ** (shifts[node.end.kind] - node.end.shift);
    const multiplier = Math.max(...graph.data.get(node.end.multiplier)!) * times;
    const product = { lo: range.lo * times, hi: range.hi * times };
    return [{ end: node.end, accumulator, product, multiplier }];
  });
}

/** Values of membranes before clamping: the residual, and the product after the shift. */
const resultsOf = (scaled: Scaled[], proof: Proof, shift: number): Range[] =>
  scaled.flatMap(({ end, product: range }) => {
    if (end.kind !== 'charge') return [];
    const residual = end.residual ? proof.tensors.get(end.residual)! : { lo: [0], hi: [0] };
    return [
      {
        lo: Math.floor(range.lo / 2 ** shift) + Math.min(0, ...residual.lo),
        hi: Math.floor(range.hi / 2 ** shift) + Math.max(0, ...residual.hi),
      },
    ];
  });

type Sizes = {
  proof: Proof;
  program: Program;
  bits: number;
  map: number;
  scaled: Scaled[];
  results: Range[];
};

/** Widths of sums, scaled values, products and results, from the graph's proof. */
function arithmeticWidths(graph: Graph, { proof, program, bits, map, scaled, results }: Sizes) {
  const accumulators = graph.nodes.map((node) => proof.nodes.get(node.name)!.accumulator);
  // A threshold that is never reached is one more than the largest sum: 128 for pixels passed through.
  const sum = Math.max(map, bits, spanOf(accumulators.map(({ lo, hi }) => ({ lo, hi: hi + 1 }))));
  const value = Math.max(2, spanOf(scaled.map(({ accumulator }) => accumulator)));
  const productBits = Math.max(
    value,
    spanOf(scaled.map(({ product: range }) => range)),
    spanOf(program.constants.map((c) => ({ lo: c, hi: c }))),
  );
  return {
    sum,
    value,
    productBits,
    constant: Math.max(productBits, sum),
    multiplier: Math.max(1, bitsFor(0, Math.max(...scaled.map(({ multiplier }) => multiplier))) - 1),
    result: Math.max(map, 5, spanOf(results)),
  };
}

/** Width of an event's spike count or pixel, and whether it is signed: pixels not encoded as spikes. */
function eventWidths(graph: Graph, encode: Program['encode']): { events: number; wide: boolean } {
  const levels = Object.values(graph.tensors).map((tensor) => tensor.levels ?? 0);
  const wide = graph.nodes
    .filter(isAccumulate)
    .some((node) => graph.tensors[node.input]!.kind === 'pixels' && !(encode && node === graph.nodes[0]));
  return { events: Math.max(wide ? 8 : 0, bitsFor(0, Math.max(1, ...levels))), wide };
}

/** 1 if any step of the program passes the test. */
const someStep = ({ steps }: Program, test: (fields: Fields) => boolean): number =>
  Number(steps.some(({ fields }) => test(fields)));

/** Features that the program needs from the engine; all others are left out of the hardware. */
function featuresOf(program: Program, datapath: Datapath): Record<string, number> {
  const some = (test: (fields: Fields) => boolean) => someStep(program, test);
  const places = some(({ rows = 1, columns = 1 }) => rows > 1 || columns > 1);
  return {
    // Multipliers keep their accumulators to themselves.
    OVERLAP: Number(places || datapath === 'dsp'),
    KERNELS: some(
      ({ kernel_rows = 1, kernel_columns = 1, row_padding = 0, column_padding = 0 }) =>
        kernel_rows > 1 || kernel_columns > 1 || row_padding > 0 || column_padding > 0,
    ),
    PLACES: places,
    MAP_OPERANDS: some(({ operand }) => operand === OPERAND.map),
    POOLS: some(({ operand }) => operand === OPERAND.none),
    STREAMS: some(({ operand }) => operand === OPERAND.pass),
    LANEWISE: some(({ lanewise }) => lanewise === 1),
  };
}

/** Widths of the engine's counters and addresses. */
function addressWidths(program: Program, lanes: number, words: number, pixels: number) {
  const a = addressBits(words);
  return {
    STEPS: program.steps.length,
    STEP: addressBits(program.steps.length + 1),
    COUNT: addressBits(2 + Math.max(lanes, ...program.steps.flatMap(({ fields }) => counts(fields)))) + 1,
    A: Math.max(a, addressBits(pixels + 1)),
    // Operands are weights or words of the map.
    B: Math.max(a, addressBits(program.weights.length + 1)),
    C: addressBits(program.constants.length + 2),
  };
}

/** Derives every width from the graph's proof and leaves out what no step needs. */
export function sequential(
  graph: Graph,
  proof: Proof,
  { lanes, datapath, sprams, multipliers }: SequentialOptions,
): Sequential {
  const encode = encodingOf(graph);
  const temporaries = temporariesOf(graph, proof);
  const layout = layOut(graph, !encode, temporaries);
  const bits = graph.nodes.filter(isAccumulate).reduce((most, node) => Math.max(most, node.bits), 4);
  const program = programOf(graph, proof, layout, { lanes, bits });
  const stored = storedIn(graph, proof, layout, temporaries);
  const map = Math.max(...stored.map(({ bits: each }) => each));
  const scaled = scaledOf(graph, proof, program.shifts);
  const results = resultsOf(scaled, proof, program.shifts.charge);
  const width = arithmeticWidths(graph, { proof, program, bits, map, scaled, results });
  const { events, wide } = eventWidths(graph, encode);
  const memories = placeMemories(
    stored,
    { bits: map, words: layout.words },
    { bits: lanes * bits, words: program.weights.length },
    sprams,
  );
  const pixels = product(graph.tensors['input']!.shape);
  return {
    program,
    word: lanes * bits,
    constant: width.constant,
    parameters: {
      LANES: lanes,
      DATAPATH: datapaths.indexOf(datapath),
      WEIGHT: bits,
      WEIGHT_WORDS: Math.max(1, program.weights.length),
      ...memories,
      MAP: map,
      MAP_WORDS: layout.words,
      VALUE: events,
      NEGATIVE: Number(wide),
      EVENTS: program.events,
      CONSTANT: width.constant,
      CONSTANT_WORDS: Math.max(1, program.constants.length),
      SUM: width.sum,
      SCALED: width.value,
      MULTIPLIER: width.multiplier,
      PRODUCT: width.productBits,
      SCALE_DSP: Number(multipliers),
      CHARGES: results.length ? 1 + someStep(program, ({ end }) => end === END.charge) : 0,
      SHIFT: program.shifts.charge,
      LOGIT_SHIFT: program.shifts.readout,
      RESULT: width.result,
      PIXELS: pixels,
      ENCODE: encode,
      ENCODE_LEVELS: Math.max(1, program.thresholds.length),
      FRAMED: Number(isFramed(program.steps[0]!.fields, pixels)),
      ...featuresOf(program, datapath),
      ...addressWidths(program, lanes, layout.words, pixels),
    },
  };
}

/** Widths of the factors of every product of a hardware multiplier; see rtl/spike_engine.v and scale.v. */
export function productsOf({ parameters: p }: Sequential): [a: number, b: number][] {
  const of = (name: string) => p[name]!;
  const lanes = p['DATAPATH'] === datapaths.indexOf('dsp') ? of('LANES') : 0;
  const usesMap = of('MAP_OPERANDS') !== 0 || of('POOLS') !== 0;
  return [
    ...Array.from({ length: lanes }, (_, lane): [number, number] => [
      lane === 0 && usesMap ? Math.max(of('MAP'), of('WEIGHT')) : of('WEIGHT'),
      of('VALUE'),
    ]),
    ...(of('SCALE_DSP') ? [[of('SCALED'), 16] as [number, number]] : []),
  ];
}

/** Whether a step has a single window that is the frame, in its order of arrival. */
const isFramed = (fields: Fields, pixels: number): boolean => {
  const { rows = 1, columns = 1, groups = 1, kernel_rows = 1, kernel_columns = 1 } = fields;
  const places = [rows, columns, groups, kernel_rows, kernel_columns];
  const { operand, depth, a_base, a_depth, b_depth } = fields;
  return (
    operand === OPERAND.weights &&
    places.every((count) => count === 1) &&
    depth === pixels &&
    a_base === 0 &&
    a_depth === 1 &&
    b_depth === 1
  );
};

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
  // A field with the same value in every step is a wire.
  const value = (at: number, name: FieldName) =>
    wrap(program.steps[at]!.fields[name] ?? (ones.has(name) ? 1 : 0), bits(name));
  const fixed = names.filter((name) => program.steps.every((_, at) => value(at, name) === value(0, name)));
  const range = (name: FieldName) => (bits(name) === 1 ? '' : `[${bits(name) - 1}:0] `);
  const literal = (at: number, name: FieldName) => `${bits(name)}'d${value(at, name)}`;
  const moving = names.filter((name) => !fixed.includes(name));
  const cases = program.steps.map(({ comment }, at) =>
    [
      ...comment.map((line) => `      // ${verilogComment(line)}`),
      `      ${at === program.steps.length - 1 ? 'default' : `${step}'d${at}`}: begin`,
      ...moving.map((name) => `        o_${name} <= ${literal(at, name)};`),
      '      end',
    ].join('\n'),
  );
  return `// The layers of '${verilogComment(graph.name)}' as steps of spike_engine.v.
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

/** Comment on what the engine does before its first step. */
function encodingComment(graph: Graph, { encode }: Program): string {
  const [node] = graph.nodes;
  if (!encode || !node) return '';
  return equationOf(node, graph)
    .map((line) => `  // ${verilogComment(line)}\n`)
    .join('');
}

/** The top: the engine with its program. */
export function topSource(graph: Graph, { parameters, program, word }: Sequential): string {
  const names = Object.keys(widths) as FieldName[];
  const wire = (name: FieldName) => {
    const width = widths[name];
    const bits = typeof width === 'number' ? width : (parameters[width] as number);
    return `  wire ${bits === 1 ? '' : `[${bits - 1}:0] `}step_${name};`;
  };
  return `// '${verilogComment(graph.name)}' on one time-multiplexed core of ${parameters['LANES']} lanes.
\`default_nettype none
module spikelet_core #(
    parameter WEIGHT_FILE = "weights.hex",
    parameter CONSTANT_FILE = "constants.hex"
) (
    input  wire        i_clk,
    input  wire        i_rst,
${framePorts}
    output wire [3:0]  o_spikes,
    output wire [1:0]  o_trace_valid,
    output wire [31:0] o_trace_tensor,
    output wire [63:0] o_trace_value
);
  wire [${(parameters['STEP'] as number) - 1}:0] step;
${names.map(wire).join('\n')}

${frameStatus({
  values: product(graph.tensors['input']!.shape),
  logits: product(graph.tensors[outputOf(graph)]!.shape),
  bytes: program.weights.length * Math.ceil(word / 8),
  loaded: !parameters['WEIGHT_HUGE'],
})}
  spikelet_program layers (
      .i_clk(i_clk),
      .i_step(step),
${names.map((name) => `      .o_${name}(step_${name})`).join(',\n')}
  );

${encodingComment(graph, program)}  spike_engine #(
${Object.entries(parameters)
  .map(([name, x]) => `      .${name}(${x}),`)
  .join('\n')}
      .ENCODE_THRESHOLDS(135'h${rowWords(program.thresholds, program.thresholds.length, 9)[0]?.toString(16) ?? 0}),
      .WEIGHT_FILE(WEIGHT_FILE),
      .CONSTANT_FILE(CONSTANT_FILE)
  ) engine (
      .i_clk(i_clk), .i_rst(i_rst),
      .i_valid(value_valid), .o_ready(value_ready), .i_data(i_data),
      .o_valid(o_valid), .i_ready(i_ready), .o_data(o_data),
      .i_weight_valid(weight_valid), .i_weight_address(i_weight_address), .i_weight_data(i_weight_data),
      .o_spikes(o_spikes),
      .o_trace_valid(o_trace_valid), .o_trace_tensor(o_trace_tensor), .o_trace_value(o_trace_value),
      .o_step(step),
${names.map((name) => `      .i_${name}(step_${name})`).join(',\n')}
  );
endmodule
\`default_nettype wire
`;
}
