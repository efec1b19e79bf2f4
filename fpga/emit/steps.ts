import { definition, type Graph, type Proof } from '../../models/graph.js';
import { isAccumulate } from '../../models/ops/accumulate.js';
import { product } from '../../models/tensor.js';
import { clampedThreshold } from './constants.js';
import type { Layout } from './layout.js';

/** Fields of a step, named as in spike_engine.v. An omitted field is 0, an omitted count is 1. */
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

/** One step of the engine, with comment lines on what it computes. */
export type Step = { comment: string[]; fields: Fields };

/**
 * Constants and weights collected so far, and the maximum number of events that a window may keep. `shifts`:
 * one right shift for all membranes and one for all logits. `encode`: pixels (1) or their complements (2) are
 * turned into spikes on arrival, by `thresholds`.
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

/** What an op can use while it makes its steps. */
export type StepContext = {
  graph: Graph;
  proof: Proof;
  layout: Layout;
  lanes: number;
  bits: number;
  program: Program;
};

export const OPERAND = { weights: 0, map: 1, none: 2, pass: 3 };
export const END = { sum: 0, fire: 1, scale: 2, charge: 3 };

/**
 * Whether the first node gives each pixel its own neuron with one weight w for all, and nothing else reads
 * the pixels. Then n = #{k : w * x >= t_k} = #{k : x >= t_k / w} needs no product, and the pixels need no
 * memory. For w < 0 it is -x >= t_k / -w, or ~x >= t_k / -w - 1 on the complement ~x = -x - 1.
 */
export function encodingOf(graph: Graph): 0 | 1 | 2 {
  const [first, ...others] = graph.nodes;
  if (!first || !isAccumulate(first) || first.end.kind !== 'fire' || first.out !== 1) return 0;
  const input = graph.tensors[first.input]!;
  const weight = graph.data.get(first.weights)![0]!;
  const pointwise = product(first.kernel) === 1 && product(first.stride) === 1 && input.shape[2] === 1;
  const alone = others.every((node) => !definition(node).inputs(node).includes(first.input));
  if (!pointwise || !alone || weight === 0) return 0;
  return weight > 0 ? 1 : 2;
}

/** Clamps thresholds to one beyond the range of the sums, so that they fit the accumulator. */
export function pushThresholds({ graph, proof, program }: StepContext, node: string, key: string): void {
  const { accumulator } = proof.nodes.get(node)!;
  for (const threshold of graph.data.get(key)!)
    program.constants.push(clampedThreshold(threshold, accumulator));
}
