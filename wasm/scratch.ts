import type { Choices, Graph } from '../models/index.js';
import { type Accumulate, kernelOf } from '../models/ops/accumulate.js';
import { align } from '../models/plan/place.js';
import { listsOf, streamOf } from './streams.js';

/** The sums of the largest tile: 64 outputs. */
const SUMS_BYTES = 256;

/**
 * Bytes of one row of pixels in 16 bits with its padding; the dense kernel computes columns four at a time.
 */
export function pixelRowBytes(node: Accumulate, graph: Graph): number {
  const [, width, channels] = graph.tensors[node.input]!.shape;
  const columns = graph.tensors[node.output]!.shape[1];
  const read = (columns + 2) * node.stride[1] + node.kernel[1];
  return align(Math.max(width + 2 * node.padding[1], read) * channels * 2 + 16);
}

/**
 * How a depthwise kernel without vectors (assembly/depthwise-swar.ts) holds sums: two neighbours to a word. A
 * column of the input adds to `kernelWords` words; the last one holds outputs 0 and 1 if the column is one of
 * the first 2 * stride, padding included. A row of sums has `words`, and up to `rows` are incomplete at a
 * time.
 */
export function scatterOf(
  node: Accumulate,
  graph: Graph,
): { kernelWords: number; words: number; rows: number } {
  const width = graph.tensors[node.input]!.shape[1];
  const columns = graph.tensors[node.output]!.shape[1];
  const stride = node.stride[1];
  const leftmost = Math.floor(-node.kernel[1] / stride) + 1;
  const kernelWords = 1 - Math.floor(leftmost / 2);
  const rightmost = Math.floor((width - 1 + node.padding[1]) / (2 * stride));
  const words = kernelWords + Math.max(rightmost, (columns - 1) >> 1);
  return { kernelWords, words, rows: Math.ceil(node.kernel[0] / node.stride[0]) };
}

/** Working memory: the rows that a window covers, as the kernel holds them, and sums. */
export function scratchOf(node: Accumulate, graph: Graph, choices: Choices): number {
  const rows = Math.min(node.kernel[0], graph.tensors[node.input]!.shape[0]);
  switch (kernelOf(node, graph)) {
    case 'events':
      // With vectors, and without.
      return SUMS_BYTES + Math.max(streamOf(node, graph, choices).bytes, listsOf(node, graph, choices).bytes);
    case 'pixels':
      // The sums of four places, whole vectors of outputs.
      return 4 * 4 * Math.ceil(node.out / 8) * 8 + rows * pixelRowBytes(node, graph);
    case 'depthwise': {
      // With vectors, the sums of four places; without, rows of sums of four channels.
      const scatter = scatterOf(node, graph);
      return Math.max(4 * 2 * node.out, 4 * 4 * scatter.rows * scatter.words);
    }
    case 'grouped':
      return 4 * node.out;
  }
}
