import type { Choices, Graph, GraphTensor } from '../models/index.js';
import type { Accumulate } from '../models/ops/accumulate.js';
import type { Attend } from '../models/ops/attend.js';
import { planesOf } from '../models/ops/counts.js';
import { align } from '../models/plan/place.js';

/**
 * A spike count as bits: plane p of a row of counts is the set of inputs whose count has bit p. A stream
 * lists the inputs of each plane of one row, highest plane first, so that a kernel only adds weights and
 * never multiplies: sum = ((plane 2) * 2 + plane 1) * 2 + plane 0. Four levels need three planes, and no
 * count has more than two bits.
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

/** Most bits that a count up to `levels` has: those of the largest 2^n - 1. Plans ask for it millions of times. */
export const mostOnes = (levels: number): number => 31 - Math.clz32(levels + 1);

/** Extraction writes eight entries at a time, so the last of them may be beyond the end. */
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
 * How a convolution of spikes holds the rows that its windows cover: gathered to one row of [column][row of
 * the window][channel], then as a stream of it, so that a window's spikes of one plane are a single run. It
 * is made again for every row of the output; one stream for each row of the input, with a run for each row of
 * the window, was up to 30 % slower, because short runs end unpredictably. Taking less than a row at a time
 * needs less memory: the inputs of `chunk` columns of the output. `bytes`: stream and gathered row.
 */
export function streamOf(
  node: Accumulate,
  graph: Graph,
  choices: Choices,
): Stream & { chunk: number; bytes: number } {
  const { shape, levels = 1 } = graph.tensors[node.input]!;
  const columns = graph.tensors[node.output]!.shape[1];
  const channels = shape[2];
  const chunk = Math.min(columns, choices.columns.get(node.name) ?? columns);
  const held = heldColumns(node, graph, chunk);
  const depth = node.kernel[0] * channels;
  const stream = layOut(held, depth, levels);
  const copied = node.kernel[0] > 1 || choices.packed.has(node.input);
  return { ...stream, chunk, bytes: stream.rowBytes + (copied ? align(held * depth) : 0) };
}

/** Most spikes of an active neuron, on average, with so few 4s that they are better listed as two 2s. */
const FEW_FOURS = 2;

/**
 * How a convolution of spikes without vectors holds the rows that its windows cover: `rows` of them, each as
 * lists of inputs, made once, one list for each plane. If counts are at most 4 and 4s were measured to be
 * rare, they are listed as two 2s, so that there are two lists. `tableBytes`: [list][column + 1], where the
 * entries of each column begin or end; `rowBytes`: those and the entries; `bytes`: all rows and, where the
 * input is packed, one unpacked.
 */
export function listsOf(
  node: Accumulate,
  graph: Graph,
  choices: Choices,
): { lists: number; rows: number; tableBytes: number; rowBytes: number; bytes: number } {
  const { shape, levels = 1, activity } = graph.tensors[node.input]!;
  const { planes, index, chunk } = streamOf(node, graph, choices);
  const held = heldColumns(node, graph, chunk);
  const inputs = held * shape[2];
  const few = levels === 4 && activity !== undefined && activity.rate <= FEW_FOURS * activity.density;
  const lists = few ? 2 : planes;
  const tableBytes = align(lists * (held + 1) * 4);
  const rowBytes = tableBytes + align((mostOnes(levels) * inputs + OVERHANG) * (index === 'u16' ? 2 : 4));
  const rows = Math.min(node.kernel[0], shape[0]);
  return {
    ...{ lists, rows, tableBytes, rowBytes },
    bytes: rows * rowBytes + (choices.packed.has(node.input) ? align(inputs) : 0),
  };
}

/** Columns of the input under `chunk` columns of the output. */
function heldColumns(node: Accumulate, graph: Graph, chunk: number): number {
  const width = graph.tensors[node.input]!.shape[1];
  const columns = graph.tensors[node.output]!.shape[1];
  return chunk < columns ? Math.min(width, (chunk - 1) * node.stride[1] + node.kernel[1]) : width;
}

/**
 * How an attention holds a row of queries or keys: the heads of each position are columns. `bytes`: stream
 * and, where any input is packed, a row of it unpacked.
 */
export function attendStream(
  node: Attend,
  graph: Graph,
  choices: Choices,
): Stream & { queryPlanes: number; keyPlanes: number; bytes: number } {
  const [q, k] = node.inputs.map((name) => graph.tensors[name]!) as [GraphTensor, GraphTensor];
  const { levels: queries = 1, shape } = q;
  const { levels: keys = 1 } = k;
  const stream = layOut(shape[1] * node.heads, shape[2] / node.heads, Math.max(queries, keys));
  const rows = node.inputs
    .filter((name) => choices.packed.has(name))
    .map((name) => align(shape[1] * graph.tensors[name]!.shape[2]));
  const bytes = stream.rowBytes + Math.max(0, ...rows);
  return { ...stream, queryPlanes: planesOf(queries), keyPlanes: planesOf(keys), bytes };
}
