import { type Choices, type Graph, type GraphTensor, type Proof, valueRange } from '../models/index.js';
import type { Constants } from './constants.js';
import type { KernelCall } from './kernel-call.js';
import type { Tier } from './tiers.js';

/** How one node becomes a call of its kernel. Nodes whose calls are equal share a function. */
export type Layer = KernelCall & {
  /** The equation, for the generated function's comment. */
  equation: string;
  constants: Constants;
  /** Tiles whose constants are fetched at a time, if they are outside the memory. */
  fetch?: number;
};

/** What a layer is made from. */
export type Context = { graph: Graph; proof: Proof; tier: Tier; choices: Choices };

/** An op in WebAssembly: its kernel's call and, for the plan, its kernel's memory. */
export type WasmOp<N> = {
  layer(node: N, context: Context): Layer;
  /** Bytes of working memory that a band needs in any tier, besides its inputs and output; default: none. */
  scratch?(node: N, graph: Graph, choices: Choices): number;
  /** Whether its kernel lists the inputs of a row, and can do so in parts (Choices.columns); default: no. */
  lists?(node: N, graph: Graph): boolean;
};

export const tensorOf = (graph: Graph, name: string): GraphTensor => graph.tensors[name]!;
export const int32 = (graph: Graph, key: string): Int32Array => graph.data.get(key) as Int32Array;

/** Bytes of a vector of 16-bit thresholds; a kernel may read whole vectors. */
const VECTOR = 16;

/**
 * Thresholds [channel][level] as [level][stride], so that neighbouring channels are compared at once; stride
 * 1: one row for all channels. In 16 bits if the compared values (`range`) have 16 and clamping a threshold
 * changes no result.
 */
export function thresholdRows(
  values: Int32Array,
  levels: number,
  shared: boolean,
  range: { lo: number; hi: number },
  type?: 'i32',
): { thresholds: Int16Array | Int32Array; stride: number } {
  const channels = shared ? 1 : values.length / levels;
  const stride = shared ? 1 : Math.ceil(channels / VECTOR) * VECTOR;
  const { lo, hi } = valueRange.i16;
  const short =
    type !== 'i32' && range.lo >= lo && range.hi <= hi && values.every((t) => t <= hi || range.hi < hi);
  const thresholds = new (short ? Int16Array : Int32Array)(levels * stride);
  for (let c = 0; c < channels; c++)
    for (let l = 0; l < levels; l++) {
      const t = values[c * levels + l]!;
      thresholds[l * stride + c] = short ? Math.min(Math.max(t, lo), hi) : t;
    }
  return { thresholds, stride };
}
