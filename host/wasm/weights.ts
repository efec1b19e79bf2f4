import { type Graph, product } from '../../models/index.js';
import type { Accumulate } from '../../models/ops/accumulate.js';
import type { Tier } from '../assemblyscript.js';

/** Weights of a Graph, [out][kernel rows][kernel columns][inputs of a group], in the layouts of the kernels. */
const weightsOf = (node: Accumulate, graph: Graph): Int8Array => graph.data.get(node.weights) as Int8Array;

/** Outputs in a pair of lanes: PAIR in assembly/lanes-*.ts. */
const PAIR: Record<Tier, number> = { simd: 16, swar: 4 };

/**
 * Time per pair of lanes in tiles of 1, 2, 3 and 4 pairs: a tile shares what a spike costs before any weight is added.
 * Measured at 28 % density: 119, 181, 202 and 222 GMAC/s of SIMD.
 */
const COST = [1 / 119, 1 / 181, 1 / 202, 1 / 222];

/**
 * How outputs are cut into tiles of equal size; the last may be filled up with zeros. `wanted`: pairs of a tile;
 * default: what costs least.
 */
export function pairsOf(
  out: number,
  tier: Tier,
  wanted?: number,
): { pair: number; pairs: number; tiles: number; cost: number } {
  const pair = PAIR[tier];
  const needed = Math.ceil(out / pair);
  const choices = COST.map((cost, i) => {
    const tiles = Math.ceil(needed / (i + 1));
    return { pair, pairs: i + 1, tiles, cost: cost * tiles * (i + 1) };
  });
  if (wanted) return choices[wanted - 1]!;
  return choices.reduce((best, choice) => (choice.cost < best.cost ? choice : best));
}

/**
 * Bytes w + 2^(bits - 1), [tile][kernel column][kernel row][input][pair][output]: a spike adds one contiguous run.
 * Within a pair, low bytes of its 16-bit lanes are the first half of the outputs and high bytes the second.
 */
export function tiledWeights(
  node: Accumulate,
  graph: Graph,
  channels: number,
  { pair, pairs, tiles }: { pair: number; pairs: number; tiles: number },
): Uint8Array {
  const weights = weightsOf(node, graph);
  const [kernelRows, kernelColumns] = node.kernel;
  const inputs = product(node.kernel) * channels;
  const outputs = pair * pairs;
  const zero = 2 ** (node.bits - 1);
  const packed = new Uint8Array(tiles * inputs * outputs).fill(zero);
  for (let o = 0; o < node.out; o++) {
    const inPair = o % pair;
    const byte = o - inPair + 2 * (inPair % (pair / 2)) + Math.floor(inPair / (pair / 2));
    const to = Math.floor(byte / outputs) * inputs * outputs + (byte % outputs);
    let from = o * inputs;
    for (let i = 0; i < kernelRows; i++)
      for (let j = 0; j < kernelColumns; j++) {
        const tap = j * kernelRows + i;
        for (let ci = 0; ci < channels; ci++)
          packed[to + (tap * channels + ci) * outputs] = weights[from++]! + zero;
      }
  }
  return packed;
}

/** i16 [8 outputs][kernel row][pair of inputs][output][2], filled up with zeros. */
export function pixelWeights(node: Accumulate, graph: Graph, channels: number, pairs: number): Int16Array {
  const weights = weightsOf(node, graph);
  const [kernelRows, kernelColumns] = node.kernel;
  const inputs = kernelColumns * channels;
  const packed = new Int16Array(Math.ceil(node.out / 8) * 8 * kernelRows * pairs * 2);
  for (let o = 0; o < node.out; o++)
    for (let i = 0; i < kernelRows; i++)
      for (let k = 0; k < inputs; k++) {
        const pair = ((Math.floor(o / 8) * kernelRows + i) * pairs + (k >> 1)) * 8 + (o % 8);
        packed[pair * 2 + (k & 1)] = weights[(o * kernelRows + i) * inputs + k]!;
      }
  return packed;
}

/** i8 [kernel row][kernel column][input][output of its group]. */
export function plainWeights(node: Accumulate, graph: Graph): Int8Array {
  const weights = weightsOf(node, graph);
  const taps = product(node.kernel);
  const inputs = weights.length / (node.out * taps);
  const outputs = node.out / node.groups;
  const packed = new Int8Array(weights.length);
  let at = 0;
  for (let tap = 0; tap < taps; tap++)
    for (let group = 0; group < node.groups; group++)
      for (let ci = 0; ci < inputs; ci++)
        for (let o = 0; o < outputs; o++)
          packed[at++] = weights[((group * outputs + o) * taps + tap) * inputs + ci]!;
  return packed;
}
