import {
  definition,
  type Graph,
  type GraphNode,
  type GraphTensor,
  type Op,
  type Proof,
} from '../../models/graph.js';
import type { Accumulate } from '../../models/ops/accumulate.js';
import type { Attend } from '../../models/ops/attend.js';
import type { Fire } from '../../models/ops/fire.js';
import { levelsOf } from '../../models/ops/fire.js';
import type { Pool } from '../../models/ops/pool.js';
import { product, type Shape } from '../../models/tensor.js';
import { clampedThreshold, isDepthwise, weightWords } from './constants.js';
import { equationOf, shapeOf } from './equations.js';
import { type Layout, productOf } from './layout.js';

/** Fields of a step as spike_engine.v names them; what a step leaves out is 0, counts 1. */
export type Fields = Partial<Record<FieldName, number>>;

export const widths = {
  rows: 'COUNT',
  columns: 'COUNT',
  groups: 'COUNT',
  outputs: 'COUNT',
  height: 'COUNT',
  width: 'COUNT',
  kernel_rows: 'COUNT',
  kernel_columns: 'COUNT',
  depth: 'COUNT',
  row_stride: 'COUNT',
  column_stride: 'COUNT',
  row_padding: 'COUNT',
  column_padding: 'COUNT',
  a_base: 'A',
  a_row: 'A',
  a_column: 'A',
  a_group: 'A',
  a_kernel_row: 'A',
  a_kernel_column: 'A',
  a_depth: 'A',
  b_base: 'B',
  b_row: 'B',
  b_column: 'B',
  b_group: 'B',
  b_block: 'B',
  b_kernel_row: 'B',
  b_kernel_column: 'B',
  b_depth: 'B',
  c_base: 'C',
  c_step: 'C',
  output: 'A',
  residual: 'A',
  operand: 2,
  lanewise: 1,
  end: 2,
  levels: 4,
  clamp: 1,
  logits: 1,
  tensor: 16,
} as const;
export type FieldName = keyof typeof widths;

/** One step of the engine, and what it computes. */
export type Step = { comment: string[]; fields: Fields };

/**
 * Words of constants and of weights so far, and the most events that a window may keep. `shifts`: one right shift for all
 * membranes and one for all logits. `encode`: pixels fire as they come (1), or their complements do (2), by `thresholds`.
 */
export type Program = {
  steps: Step[];
  constants: number[];
  weights: bigint[];
  events: number;
  shifts: { charge: number; readout: number };
  encode: 0 | 1 | 2;
  thresholds: number[];
};

type Context = {
  graph: Graph;
  proof: Proof;
  layout: Layout;
  lanes: number;
  bits: number;
  program: Program;
};

export const OPERAND = { weights: 0, map: 1, none: 2, pass: 3 };
export const END = { sum: 0, fire: 1, scale: 2, charge: 3 };

export function programOf(
  graph: Graph,
  proof: Proof,
  layout: Layout,
  { lanes, bits }: { lanes: number; bits: number },
): Program {
  const program: Program = {
    steps: [],
    constants: [],
    weights: [],
    events: 1,
    shifts: { charge: largestShift(graph, 'charge'), readout: largestShift(graph, 'readout') },
    encode: encodingOf(graph),
    thresholds: [],
  };
  const context = { graph, proof, layout, lanes, bits, program };
  graph.nodes.forEach((node, at) => {
    const add = adders[node.op] as (node: GraphNode, context: Context, tensor: number) => void;
    add(node, context, at + 1);
  });
  return program;
}

const adders: { [O in Op]: (node: Extract<GraphNode, { op: O }>, context: Context, tensor: number) => void } =
  { accumulate: addAccumulate, fire: addFire, attend: addAttend, pool: addPool };

/** The largest shift of those that end so. A smaller one is made equal to it by doubling multiplier and bias. */
const largestShift = (graph: Graph, kind: 'charge' | 'readout'): number =>
  graph.nodes.reduce(
    (most, node) =>
      node.op === 'accumulate' && node.end.kind === kind ? Math.max(most, node.end.shift) : most,
    0,
  );

/**
 * Whether the first node gives each pixel a neuron of its own that multiplies all by the same weight, and nothing else reads
 * the pixels: then n = #{k : w * x >= t_k} = #{k : x >= t_k / w} needs no product and the pixels no memory. With
 * w < 0 it is -x >= t_k / -w, or ~x >= t_k / -w - 1 on the complement ~x = -x - 1.
 */
export function encodingOf(graph: Graph): 0 | 1 | 2 {
  const [first, ...others] = graph.nodes;
  if (first?.op !== 'accumulate' || first.end.kind !== 'fire' || first.out !== 1) return 0;
  const input = graph.tensors[first.input]!;
  const weight = graph.data.get(first.weights)![0]!;
  const pointwise = product(first.kernel) === 1 && product(first.stride) === 1 && input.shape[2] === 1;
  const alone = others.every((node) => !definition(node).inputs(node).includes(first.input));
  if (!pointwise || !alone || weight === 0) return 0;
  return weight > 0 ? 1 : 2;
}

/** A window without padding that is one place, or the whole map of one group, is one run of values. */
const isRun = ({ kernel, padding, groups }: Accumulate, [height, width]: Shape): boolean =>
  product(padding.map((p) => p + 1)) === 1 &&
  (product(kernel) === 1 || (groups === 1 && kernel[0] === height && kernel[1] === width));

function addAccumulate(node: Accumulate, context: Context, tensor: number): void {
  const { graph, program, layout, lanes, bits } = context;
  if (program.encode && node === graph.nodes[0]) {
    program.thresholds = encodingThresholds(node, graph);
    return;
  }
  const [height, width, channels] = graph.tensors[node.input]!.shape;
  const output = graph.tensors[node.output]!;
  const inputs = channels / node.groups;
  const outputs = node.out / node.groups;
  const { end, stride, padding } = node;
  const run = isRun(node, [height, width, channels]);
  const lanewise = isDepthwise(node, graph);
  const kernel = run ? [1, 1] : node.kernel;
  const taps = product(node.kernel) * inputs;
  const depth = run ? taps : inputs;
  program.events = Math.max(program.events, lanewise ? taps * Math.min(lanes, node.groups) : taps);
  const constants = program.constants.length;
  if (end.kind === 'fire') pushThresholds(context, node.name, end.thresholds);
  else {
    const multiplier = graph.data.get(end.multiplier)!;
    const bias = graph.data.get(end.bias)!;
    const times = 2 ** (program.shifts[end.kind] - end.shift);
    for (let o = 0; o < node.out; o++) program.constants.push(multiplier[o]! * times, bias[o]! * times);
  }
  const levels = end.kind === 'fire' ? levelsOf(graph, node.output) : 0;
  const residual = end.kind === 'charge' ? end.residual : undefined;
  program.steps.push({
    comment: equationOf(node, graph),
    fields: {
      rows: output.shape[0],
      columns: output.shape[1],
      groups: node.groups,
      outputs,
      ...(run
        ? { depth, a_depth: 1, b_depth: 1 }
        : {
            height,
            width,
            kernel_rows: kernel[0]!,
            kernel_columns: kernel[1]!,
            row_stride: stride[0],
            column_stride: stride[1],
            row_padding: padding[0],
            column_padding: padding[1],
            a_kernel_row: width * channels,
            a_kernel_column: channels,
            b_kernel_row: kernel[1]! * depth,
            b_kernel_column: depth,
            depth,
            a_depth: 1,
            b_depth: 1,
          }),
      ...(lanewise ? { lanewise: 1, b_depth: 0 } : {}),
      a_base: layout.address.get(node.input)! - (padding[0] * width + padding[1]) * channels,
      a_row: stride[0] * width * channels,
      a_column: stride[1] * channels,
      a_group: node.groups === 1 ? 0 : lanewise ? lanes : depth,
      b_base: program.weights.length,
      b_group: node.groups === 1 ? 0 : Math.ceil(outputs / lanes) * taps,
      b_block: taps,
      c_base: constants,
      c_step: levels || 2,
      output: layout.address.get(node.output) ?? 0,
      residual: residual ? layout.address.get(residual)! : 0,
      operand: OPERAND.weights,
      end: end.kind === 'fire' ? END.fire : residual ? END.charge : END.scale,
      levels,
      clamp: Number(end.kind === 'charge' && end.saturate && output.type === 'i16'),
      logits: Number(end.kind === 'readout'),
      tensor,
    },
  });
  for (const word of weightWords(node, graph, lanes, bits)) program.weights.push(word);
}

/** The node that `encodingOf` found takes no step. */
const encodingThresholds = (node: Accumulate, graph: Graph): number[] => {
  const weight = graph.data.get(node.weights)![0]!;
  if (node.end.kind !== 'fire') throw new Error(`'${node.name}' ends in ${node.end.kind}`);
  return [...graph.data.get(node.end.thresholds)!].map((threshold) => {
    const at = Math.ceil(threshold / Math.abs(weight)) - Number(weight < 0);
    return Math.min(Math.max(at, -128), 128);
  });
};

/** Thresholds beyond what the sums reach fit the accumulator when they stand one beyond it. */
function pushThresholds({ graph, proof, program }: Context, node: string, key: string): void {
  const { accumulator } = proof.nodes.get(node)!;
  for (const threshold of graph.data.get(key)!)
    program.constants.push(clampedThreshold(threshold, accumulator));
}

function addFire(node: Fire, context: Context, tensor: number): void {
  const { graph, layout, program } = context;
  const { shape } = graph.tensors[node.input]!;
  const [rows, columns, groups] = shape;
  const levels = levelsOf(graph, node.output);
  const constants = program.constants.length;
  const shared = graph.data.get(node.thresholds)!.length === levels;
  pushThresholds(context, node.name, node.thresholds);
  program.steps.push({
    comment: equationOf(node, graph),
    fields: {
      // With one row of thresholds there is nothing that places and channels differ in.
      ...(shared ? { groups: rows * columns * groups } : { rows, columns, groups }),
      a_base: layout.address.get(node.input)!,
      a_row: columns * groups,
      a_column: groups,
      a_group: 1,
      c_base: constants,
      c_step: shared ? 0 : levels,
      output: layout.address.get(node.output)!,
      operand: OPERAND.pass,
      end: END.fire,
      levels,
      tensor,
    },
  });
}

function addPool(node: Pool, { graph, layout, program }: Context, tensor: number): void {
  const [height, width, channels] = graph.tensors[node.input]!.shape;
  const [rows, columns] = graph.tensors[node.output]!.shape;
  program.steps.push({
    comment: equationOf(node, graph),
    fields: {
      rows,
      columns,
      groups: channels,
      height,
      width,
      kernel_rows: node.kernel[0],
      kernel_columns: node.kernel[1],
      row_stride: node.stride[0],
      column_stride: node.stride[1],
      a_base: layout.address.get(node.input)!,
      a_row: node.stride[0] * width * channels,
      a_column: node.stride[1] * channels,
      a_group: 1,
      a_kernel_row: width * channels,
      a_kernel_column: channels,
      output: layout.address.get(node.output)!,
      operand: OPERAND.none,
      end: END.sum,
      tensor,
    },
  });
}

function addAttend(node: Attend, context: Context, tensor: number): void {
  const { graph, layout, program } = context;
  const [q, k, v] = node.inputs.map((name) => graph.tensors[name]!) as [
    GraphTensor,
    GraphTensor,
    GraphTensor,
  ];
  const [channels, wide] = [q.shape[2], v.shape[2]];
  const [d, e] = [channels / node.heads, wide / node.heads];
  const places = q.shape[0] * q.shape[1];
  const address = (name: string) => layout.address.get(name)!;
  program.events = Math.max(program.events, places, d);
  program.steps.push({
    comment: [
      `${node.name}: kv[h][i][j] = sum over ${places} places of k[h][i] * v[h][j]; ${node.heads} heads`,
      `${shapeOf(k)}, ${shapeOf(v)} -> [${node.heads}][${d}][${e}]`,
    ],
    fields: {
      rows: node.heads,
      columns: d,
      outputs: e,
      height: places,
      kernel_rows: places,
      a_base: address(node.inputs[1]),
      a_row: d,
      a_column: 1,
      a_kernel_row: channels,
      b_base: address(node.inputs[2]),
      b_row: e,
      b_block: 1,
      b_kernel_row: wide,
      output: address(productOf(node)),
      operand: OPERAND.map,
      end: END.sum,
    },
  });
  const constants = program.constants.length;
  const levels = levelsOf(graph, node.output);
  pushThresholds(context, node.name, node.thresholds);
  program.steps.push({
    comment: [
      `${node.name}: a[t][h][j] = sum over i of q[t][h][i] * kv[h][i][j]; n = levels reached of ${levels} thresholds`,
      `${shapeOf(q)} -> ${shapeOf(graph.tensors[node.output]!)}`,
    ],
    fields: {
      rows: places,
      columns: node.heads,
      outputs: e,
      depth: d,
      a_base: address(node.inputs[0]),
      a_row: channels,
      a_column: d,
      a_depth: 1,
      b_base: address(productOf(node)),
      b_column: d * e,
      b_block: 1,
      b_depth: e,
      c_base: constants,
      output: address(node.output),
      operand: OPERAND.map,
      end: END.fire,
      levels,
      tensor,
    },
  });
}
