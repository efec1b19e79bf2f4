import type { Net } from '../net.js';
import type { NodeSchema } from '../node-schema.js';
import type { Shape } from '../tensor.js';

/**
 * One value of a Net while it runs, [row][column][channel]. Spikes are counts; what they mean is count *
 * unit.
 */
export type NetValue = { shape: Shape; data: Float64Array | Float32Array | Uint8Array; unit: number };

/** Computes one node from its inputs, into memory that is used again. */
export type NodeRunner = (inputs: NetValue[]) => NetValue;

/** A parameter: its shape, and what it holds before training; `random` is uniform in +-1/sqrt(fan in). */
export type NetParam = { name: string; shape: number[]; initial: number | { fanIn: number } };

/**
 * What a Net's op is; one file each. The docstring of the node's type is the op's equation. How it is trained
 * and quantized is in other tables (host/train, quantize).
 */
export type NetOpDefinition<N> = {
  /** What a file may hold (nodeSchema); fields are written in its order. */
  schema: NodeSchema<N>;
  /** In a few words, for lists. */
  describe(node: N): string;
  /** Names of the values the node reads. */
  inputs(node: N): string[];
  /** Parameters, in PyTorch's names and shapes; default: none. */
  params?(node: N): NetParam[];
  /** Shape of its value; `fail` says why its inputs do not fit. */
  shape(node: N, inputs: Shape[], fail: (why: string) => never): Shape;
  /** Prepares a float run; its value of `shape` is at the start of `memory`. */
  run(node: N, net: Net, shape: Shape, memory: ArrayBuffer): NodeRunner;
  /** Bytes of each value in such a run; default: 8, a float64. */
  valueBytes?: number;
  /** Bytes of working memory of such a run; default: none. */
  working?(node: N, shapes: Map<string, Shape>): number;
  /** Whether its value has the same kind and fixed point as each of its inputs. */
  sums?: true;
  /**
   * Multiply-accumulates for one image, as a dense network would do them; shapes of all values by their
   * names.
   */
  macs(node: N, shapes: Map<string, Shape>): number;
};
