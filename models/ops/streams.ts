import type { Graph, GraphTensor } from '../graph.js';
import type { Accumulate } from './accumulate.js';
import type { Attend } from './attend.js';

/**
 * A spike count as bits: plane p of a row of counts is the set of inputs whose count has bit p. A stream lists the
 * inputs of each plane of one row, highest plane first, so that a kernel only adds weights and never multiplies:
 * sum = ((plane 2) * 2 + plane 1) * 2 + plane 0. Four levels need three planes, and no count has more than two bits.
 */
export type Stream = {
  planes: number;
  /** Type of an entry: the position in the row, column * channels + channel. */
  index: 'u16' | 'u32';
  /** Bytes of a row's table, [plane][column + 1]: where the entries of each column begin. */
  tableBytes: number;
  /** Bytes of a row: table and entries, as many as a row can have. */
  rowBytes: number;
};

/** Bits of the largest count. */
const planesOf = (levels: number): number => 32 - Math.clz32(levels);

const ones = (n: number): number => (n ? (n & 1) + ones(n >> 1) : 0);

/** Most bits that a count up to `levels` has. */
const mostOnes = (levels: number): number =>
  Math.max(...Array.from({ length: levels + 1 }, (_, count) => ones(count)));

const align = (bytes: number): number => Math.ceil(bytes / 16) * 16;

/** Extraction writes eight entries at a time, so the last of them may lie behind the end. */
const OVERHANG = 8;

/** The stream of a row of `columns` columns of `channels` counts up to `levels`. */
function layOut(columns: number, channels: number, levels: number): Stream {
  const planes = planesOf(levels);
  const wide = columns * channels > 65536;
  const tableBytes = align(planes * (columns + 1) * 4);
  const entries = mostOnes(levels) * columns * channels + OVERHANG;
  return {
    planes,
    index: wide ? 'u32' : 'u16',
    tableBytes,
    rowBytes: tableBytes + align(entries * (wide ? 4 : 2)),
  };
}

/**
 * How a convolution of spikes holds the rows that its windows cover: gathered to one row of [column][row of the
 * window][channel], then as a stream of it, so that a window's spikes of one plane are a single run. That is made anew
 * for every row of the output; one stream for each row of the input, with a run for each row of the window, was up to
 * 30 % slower, because short runs end unpredictably. `bytes`: stream and gathered row.
 */
export function streamOf(node: Accumulate, graph: Graph): Stream & { bytes: number } {
  const { shape, levels = 1 } = graph.tensors[node.input]!;
  const [, width, channels] = shape;
  const depth = node.kernel[0] * channels;
  const stream = layOut(width, depth, levels);
  return { ...stream, bytes: stream.rowBytes + (node.kernel[0] > 1 ? align(width * depth) : 0) };
}

/** How an attention holds a row of queries or keys: the heads of each place are columns. */
export function attendStream(
  node: Attend,
  graph: Graph,
): Stream & { queryPlanes: number; keyPlanes: number } {
  const [q, k] = node.inputs.map((name) => graph.tensors[name]!) as [GraphTensor, GraphTensor];
  const { levels: queries = 1, shape } = q;
  const { levels: keys = 1 } = k;
  const stream = layOut(shape[1] * node.heads, shape[2] / node.heads, Math.max(queries, keys));
  return { ...stream, queryPlanes: planesOf(queries), keyPlanes: planesOf(keys) };
}
