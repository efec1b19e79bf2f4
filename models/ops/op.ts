import type { Graph, GraphTensor, TensorKind, ValueType } from '../graph.js';
import type { NodeSchema } from '../node-schema.js';
import type { WeightBits } from '../packing.js';
import type { Choices } from '../plan/choices.js';
import type { Shape } from '../tensor.js';

/** Values of one tensor of a Graph, [row][column][channel]. */
export type Values = Int8Array | Uint8Array | Int16Array | Int32Array;

/** Proven lowest and highest value of each channel. */
export type ChannelRange = { lo: Float64Array; hi: Float64Array };

/** Proven lowest and highest value over a whole node. */
export type Range = { lo: number; hi: number };

/**
 * What a node's arithmetic can reach: `accumulator` in any order of summation, `product` before the shift.
 */
export type NodeProof = { output: ChannelRange; accumulator: Range; product?: Range };

/** First and last + 1 of the rows of an input that a band of output rows reads. */
export type RowSpan = [begin: number, end: number];

/**
 * What a Graph's op is; one file each. The docstring of the node's type is the op's equation, `run` its
 * definition. An OpError thrown here becomes one error for the user that names the node.
 */
export type OpDefinition<N> = {
  /** What a file may hold (nodeSchema); fields are written in its order. */
  schema: NodeSchema<N>;
  /** In a word or two, for lists. */
  describe(node: N): string;
  /** The equation with the node's sizes and names, one line per pass over the maps. */
  equation(node: N, graph: Graph): string[];
  /** Names of the tensors the node reads. */
  inputs(node: N): string[];
  /** What kinds each of those may be, and the kind the node writes. */
  reads(node: N): TensorKind[][];
  writes(node: N): TensorKind;
  /** The constant arrays the node needs. */
  constants(node: N): Constant[];
  /** Shape of the output. */
  shape(node: N, inputs: GraphTensor[]): Shape;
  /** Ranges of everything the node computes, from its weights and the ranges of its inputs. */
  prove(node: N, graph: Graph, inputs: ChannelRange[]): NodeProof;
  /** The integer definition: computes the whole output. */
  run(node: N, graph: Graph, inputs: Values[], output: Values): void;
  /** Rows of each input that output rows begin..end read. */
  rows(node: N, graph: Graph, begin: number, end: number): RowSpan[];
  /** Bytes that live from a node's first band to its last, if any. */
  kept?(node: N, graph: Graph): number;
  /** Multiply-accumulates of the dense computation. */
  macs(node: N, graph: Graph): number;
  /** The inputs whose events are the node's work. */
  work(node: N): string[];
  /**
   * An input that the output may overwrite: it is read value by value, each before the same value is written.
   */
  onto?(node: N): string | undefined;
  /** Whether the output repeats what other neurons fired, so that its spikes are counted nowhere. */
  repeats?: true;
  /**
   * All fields that memory and time depend on: the node without names and without fields that only its values
   * depend on. Nodes of equal keys, inputs and tensors are planned once.
   */
  planKey(node: N): object;
  /** Time in nanoseconds beyond that of a step and of the values written (cost.ts). */
  cost(node: N, graph: Graph, plan: Costed): number;
};

/**
 * A constant array: i32, or weights that a file holds in fewer bits. `length` may be called before the arrays
 * exist.
 */
export type Constant = { key: string; length(graph: Graph): number } & (
  | { type: 'i8'; bits: WeightBits }
  | { type: 'i32' }
);

/**
 * How a node is run, to estimate its time: `groups` of tiles, each `tiling` times as slow as tiles of the
 * best size.
 */
export type Costed = { choices: Choices; groups: number; tiling: number };

/** Why a node is refused; becomes a SpikeletError that names graph and node. */
export class OpError extends Error {}

/** The largest allowed value: one less than 32 bits hold, so that a threshold above it exists too. */
export const INT32 = { lo: -(2 ** 31), hi: 2 ** 31 - 2 };

export const union = ({ lo, hi }: ChannelRange): Range => ({
  lo: lo.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
  hi: hi.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY),
});

export const constantRange = (channels: number, lo: number, hi: number): ChannelRange => ({
  lo: new Float64Array(channels).fill(lo),
  hi: new Float64Array(channels).fill(hi),
});

/** Throws unless every value is an integer of at least `least`. */
export const requireWhole = (what: string, values: readonly number[], least = 1): void => {
  if (!values.every((n) => Number.isInteger(n) && n >= least))
    throw new OpError(`${what} ${values.join('x')} is not valid`);
};

export const requireInt32 = (what: string, { lo, hi }: Range): void => {
  if (!(lo >= INT32.lo && hi <= INT32.hi))
    throw new OpError(`${what} can reach ${lo}..${hi}, more than 32 bits hold`);
};

const arrays = { i8: Int8Array, u8: Uint8Array, i16: Int16Array, i32: Int32Array };

/** Values of a tensor, all zero. */
export const allocate = ({ type, shape }: Pick<GraphTensor, 'type' | 'shape'>): Values =>
  new arrays[type](shape[0] * shape[1] * shape[2]);

export const bytesPerValue = (type: ValueType): number => arrays[type].BYTES_PER_ELEMENT;

/** Ranges of the value types. */
export const valueRange: Record<ValueType, { lo: number; hi: number }> = {
  i8: { lo: -128, hi: 127 },
  u8: { lo: 0, hi: 255 },
  i16: { lo: -32768, hi: 32767 },
  i32: { lo: -(2 ** 31), hi: 2 ** 31 - 1 },
};
