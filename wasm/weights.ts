import { type Graph, product } from '../models/index.js';
import type { Accumulate } from '../models/ops/accumulate.js';
import { scatterOf } from './scratch.js';
import type { Tier } from './tiers.js';

/**
 * Weights of a Graph, [out][kernel rows][kernel columns][inputs of a group], in the layouts of the kernels.
 */
const weightsOf = (node: Accumulate, graph: Graph): Int8Array => graph.data.get(node.weights) as Int8Array;

/** Outputs in a pair of lanes: PAIR in assembly/lanes-*.ts. */
const PAIR: Record<Tier, number> = { relaxed: 16, simd: 16, swar: 4 };

/**
 * Time per pair of lanes in tiles of 1, 2, 3 and 4 pairs: a tile shares what a spike costs before any weight
 * is added. Measured at 28 % density: 119, 181, 202 and 222 GMAC/s of SIMD.
 */
const COST = {
  events: [1 / 119, 1 / 181, 1 / 202, 1 / 222],
  // An engine has too few registers for eight vectors of sums and eight of weights.
  pairs: [1 / 98, 1 / 108, 1 / 112],
};

/** The kernels whose outputs are cut into tiles. */
export type TiledKernel = keyof typeof COST;
export const isTiled = (kernel: string): kernel is TiledKernel => Object.hasOwn(COST, kernel);

/** `pairs` pairs of lanes, each of `pair` outputs; how many of them a layer has. */
type Tile = { pair: number; pairs: number; tiles: number };

type TileChoice = Tile & { cost: number };

/** The ways to cut outputs into tiles of equal size; the last tile may be filled up with zeros. */
export function tilesOf(out: number, tier: Tier, kernel: TiledKernel): TileChoice[] {
  const pair = PAIR[tier];
  const needed = Math.ceil(out / pair);
  return COST[kernel].map((cost, i) => {
    const tiles = Math.ceil(needed / (i + 1));
    return { pair, pairs: i + 1, tiles, cost: cost * tiles * (i + 1) };
  });
}

/** The tile of `wanted` pairs; default: the fastest. */
export function tileOf(out: number, tier: Tier, kernel: TiledKernel, wanted?: number): TileChoice {
  const choices = tilesOf(out, tier, kernel);
  if (wanted) return choices[wanted - 1]!;
  return choices.reduce((best, choice) => (choice.cost < best.cost ? choice : best));
}

/**
 * Bytes w + 2^(bits - 1), [tile][kernel column][kernel row][input][pair][output]: a spike adds one contiguous
 * run. Without vectors, where each row of a window is listed by itself, [kernel row][kernel column]. Within a
 * pair, low bytes of its 16-bit lanes are the first half of the outputs and high bytes the second.
 */
export const tiledWeights = (node: Accumulate, graph: Graph, channels: number, tile: Tile): Uint8Array => {
  const { pair } = tile;
  const outputs = tile.pair * tile.pairs;
  return tiled(node, graph, channels, tile, (o, input) => {
    const inPair = o % pair;
    return input * outputs + o - inPair + 2 * (inPair % (pair / 2)) + Math.floor(inPair / (pair / 2));
  });
};

/** The same for the relaxed tier, i8 [tile][kernel column][kernel row][pair of inputs][output][2]. */
export const pairedWeights = (node: Accumulate, graph: Graph, channels: number, tile: Tile): Int8Array => {
  const outputs = tile.pair * tile.pairs;
  const biased = tiled(
    node,
    graph,
    channels,
    tile,
    (o, input) => (input >> 1) * 2 * outputs + 2 * o + (input & 1),
  );
  const zero = 2 ** (node.bits - 1);
  return Int8Array.from(biased, (byte) => byte - zero);
};

/** Weights in tiles, `byteOf` an output of the tile and an input of the window. */
function tiled(
  node: Accumulate,
  graph: Graph,
  channels: number,
  { pair, pairs, tiles }: Tile,
  byteOf: (output: number, input: number) => number,
): Uint8Array {
  const weights = weightsOf(node, graph);
  const [kernelRows, kernelColumns] = node.kernel;
  const inputs = product(node.kernel) * channels;
  const outputs = pair * pairs;
  const zero = 2 ** (node.bits - 1);
  const packed = new Uint8Array(tiles * inputs * outputs).fill(zero);
  for (let o = 0; o < node.out; o++) {
    const to = Math.floor(o / outputs) * inputs * outputs;
    let from = o * inputs;
    for (let i = 0; i < kernelRows; i++)
      for (let j = 0; j < kernelColumns; j++) {
        const tap = pair === PAIR.swar ? i * kernelColumns + j : j * kernelRows + i;
        for (let ci = 0; ci < channels; ci++)
          packed[to + byteOf(o % outputs, tap * channels + ci)] = weights[from++]! + zero;
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

/** Channels of a tile of scatteredWeights: GROUP in assembly/depthwise-swar.ts. */
export const SCATTERED = 4;

/**
 * What a count of a column adds to the outputs around it, [tile of channels][channel][phase][kernel row from
 * the last on][word], each word first + 2^16 * second of two neighbours, modulo 2^32. Phases are columns with
 * their padding, modulo twice the stride; the last word is that of outputs 0 and 1 for the first columns.
 */
export function scatteredWeights(node: Accumulate, graph: Graph): Int32Array {
  const weights = weightsOf(node, graph);
  const [kernelRows, kernelColumns] = node.kernel;
  const [, stride] = node.stride;
  const { kernelWords } = scatterOf(node, graph);
  const channels = Math.ceil(node.out / SCATTERED) * SCATTERED;
  const scattered = new Int32Array(channels * 2 * stride * kernelRows * kernelWords);
  let to = 0;
  for (let channel = 0; channel < node.out; channel++)
    for (let phase = 0; phase < 2 * stride; phase++)
      for (let i = kernelRows - 1; i >= 0; i--) {
        const row = (channel * kernelRows + i) * kernelColumns;
        const weightOf = (output: number) => {
          const j = phase - output * stride;
          return j >= 0 && j < kernelColumns ? weights[row + j]! : 0;
        };
        for (let output = 2 - 2 * kernelWords; output < 2; output += 2)
          scattered[to++] = weightOf(output) + (weightOf(output + 1) << 16);
      }
  return scattered;
}
