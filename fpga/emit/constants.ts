import type { Graph } from '../../models/graph.js';
import type { Accumulate } from '../../models/ops/accumulate.js';
import { product } from '../../models/tensor.js';

/** Two's complement in `bits` bits. */
export const wrap = (value: number, bits: number): bigint => BigInt.asUintN(bits, BigInt(value));

/** Lines of hex words for $readmemh. */
export const hexWords = (words: bigint[], bits: number): string =>
  words.map((word) => `${word.toString(16).padStart(Math.ceil(bits / 4), '0')}\n`).join('');

/**
 * One word of weights per group, per block of `lanes` outputs and per window tap, with the tap changing
 * fastest. In a depthwise convolution the channels are the outputs of a block.
 */
export function weightWords(node: Accumulate, graph: Graph, lanes: number, bits: number): bigint[] {
  const weights = graph.data.get(node.weights) as Int8Array;
  const inputs = graph.tensors[node.input]!.shape[2] / node.groups;
  const taps = product(node.kernel) * inputs;
  const groups = isDepthwise(node, graph) ? 1 : node.groups;
  const outputs = node.out / groups;
  const words: bigint[] = [];
  for (let group = 0; group < groups; group++)
    for (let first = 0; first < outputs; first += lanes)
      for (let tap = 0; tap < taps; tap++) {
        let word = 0n;
        for (let lane = Math.min(lanes, outputs - first) - 1; lane >= 0; lane--)
          word = (word << BigInt(bits)) | wrap(weights[(group * outputs + first + lane) * taps + tap]!, bits);
        words.push(word);
      }
  return words;
}

/** Whether every channel has its own kernel and exactly one output. */
export const isDepthwise = (node: Accumulate, graph: Graph): boolean =>
  node.groups > 1 && node.groups === graph.tensors[node.input]!.shape[2] && node.out === node.groups;

/** Words that pack `each` values, the first in the lowest bits. */
export function rowWords(values: ArrayLike<number>, each: number, bits: number): bigint[] {
  return Array.from({ length: values.length / each }, (_, row) => {
    let word = 0n;
    for (let at = each - 1; at >= 0; at--)
      word = (word << BigInt(bits)) | wrap(values[row * each + at]!, bits);
    return word;
  });
}

/** The words as bytes, low byte first, as the link carries them. */
export function wordBytes(words: bigint[], bits: number): Uint8Array {
  const each = Math.ceil(bits / 8);
  const bytes = new Uint8Array(words.length * each);
  words.forEach((word, at) => {
    for (let i = 0, rest = word; i < each; i++, rest >>= 8n) bytes[at * each + i] = Number(rest & 255n);
  });
  return bytes;
}

/** Width in two's complement that holds lo..hi. */
export function bitsFor(lo: number, hi: number): number {
  let bits = 1;
  while (lo < -(2 ** (bits - 1)) || hi > 2 ** (bits - 1) - 1) bits++;
  return bits;
}

export function leastOf(values: Int8Array | Int32Array): number {
  let least = values[0]!;
  for (const value of values) least = Math.min(least, value);
  return least;
}

export function mostOf(values: Int8Array | Int32Array): number {
  let most = values[0]!;
  for (const value of values) most = Math.max(most, value);
  return most;
}

/** Width of an address for a memory of this many words. */
export const addressBits = (words: number): number => Math.max(1, Math.ceil(Math.log2(words)));

/** Maximum number of spikes that a graph's neurons fire in a frame. */
export const mostSpikes = ({ tensors }: Graph): number =>
  Object.values(tensors).reduce((sum, { levels = 0, shape }) => sum + levels * product(shape), 0);

/**
 * Clamps a threshold to lo..hi + 1, where lo..hi are the possible sums: a threshold beyond the range still
 * always or never fires.
 */
export const clampedThreshold = (threshold: number, { lo, hi }: { lo: number; hi: number }): number =>
  Math.min(Math.max(threshold, lo), hi + 1);
