import type { Graph } from '../models/index.js';
import type { Accumulate } from '../models/ops/accumulate.js';
import { planesOf } from '../models/ops/counts.js';
import { tensorOf } from './layer.js';
import { tileOf } from './weights.js';

/**
 * Time in nanoseconds, measured on one x86 core, of what the two kernels for spikes do: `lanes` an event or a
 * pair of inputs adds to all outputs, as a multiple of what weights.ts knows of tiles; `listed` an input of a
 * row, for each plane or once; `run` a loop over a window's entries, whose end is seldom predicted.
 */
const COST = { lanes: 57, listed: { plane: 0.1, pair: 0.05 }, run: 4 };

/** Bits of a count that is not zero, on average. */
const BITS = 1.08;

/**
 * Whether the relaxed tier computes an `events` layer by pairs of inputs (assembly/pairs-relaxed.ts): if it
 * is estimated to be faster at the density of the calibration images. A pair is listed if one of its inputs
 * is not zero, so it pays on busy layers, on those with few outputs per input, which spend their time on
 * lists, and if outputs do not fill pairs of lanes.
 */
export function pairsPay(node: Accumulate, graph: Graph): boolean {
  const { shape, levels = 1, activity } = tensorOf(graph, node.input);
  const depth = shape[2] * node.kernel[0];
  if (depth % 2 || !activity) return false;
  const { density } = activity;
  const inputs = depth * node.kernel[1];
  const planes = planesOf(levels);
  // For each position of the output: inputs of the row that are listed for it.
  const listed = (depth * shape[1]) / tensorOf(graph, node.output).shape[1];
  const events = tileOf(node.out, 'relaxed', 'events');
  const pairs = tileOf(node.out, 'relaxed', 'pairs');
  const vectors = pairs.tiles > 1 ? pairs.tiles * pairs.pairs * 2 : Math.ceil(node.out / 8);
  const used = vectors / (pairs.tiles * pairs.pairs * 2);
  const byEvents =
    inputs * density * BITS * events.cost * COST.lanes +
    planes * (listed * COST.listed.plane + events.tiles * COST.run);
  const byPairs =
    (inputs / 2) * (1 - (1 - density) ** 2) * pairs.cost * used * COST.lanes +
    listed * COST.listed.pair +
    pairs.tiles * COST.run;
  return byPairs < byEvents;
}

/**
 * How many pairs of inputs any output's sum can take before it may leave 16 bits: that many pairs with the
 * largest weights of one sign still fit, with every count at its maximum.
 */
export function pairsIn16(node: Accumulate, graph: Graph): number {
  const { levels = 1 } = tensorOf(graph, node.input);
  const [kernelRows, kernelColumns] = node.kernel;
  const weights = graph.data.get(node.weights) as Int8Array;
  const inputs = weights.length / node.out;
  const channels = inputs / kernelRows / kernelColumns;
  // Pairs are within a column of the window, [row][channel].
  const depth = kernelRows * channels;
  let least = inputs / 2;
  const [positive, negative] = [new Int32Array(255), new Int32Array(255)];
  for (let o = 0; o < node.out; o++) {
    positive.fill(0);
    negative.fill(0);
    const at = (input: number) => {
      const [j, inColumn] = [Math.floor(input / depth), input % depth];
      const [i, channel] = [Math.floor(inColumn / channels), inColumn % channels];
      return weights[((o * kernelRows + i) * kernelColumns + j) * channels + channel]!;
    };
    for (let input = 0; input < inputs; input += 2) {
      const [a, b] = [at(input), at(input + 1)];
      positive[Math.max(a, 0) + Math.max(b, 0)]!++;
      negative[Math.max(-a, 0) + Math.max(-b, 0)]!++;
    }
    least = Math.min(least, fitting(positive, levels), fitting(negative, levels));
  }
  return least;
}

/** How many of the largest numbers of a histogram, times `levels`, add up to at most 32767. */
function fitting(histogram: Int32Array, levels: number): number {
  let [left, count] = [Math.floor(32767 / levels), 0];
  for (let value = 254; value > 0; value--) {
    const some = Math.min(histogram[value]!, Math.floor(left / value));
    count += some;
    left -= some * value;
    if (some < histogram[value]!) return count;
  }
  return count + histogram[0]!;
}
