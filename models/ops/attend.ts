import { z } from 'zod';
import type { Graph } from '../graph.js';
import { name, nodeSchema, size } from '../schema-parts.js';
import { product } from '../tensor.js';
import { COST, densityOf } from './cost.js';
import { fireRange, levelsOf, requireAscending } from './fire.js';
import {
  bytesPerValue,
  constantRange,
  type OpDefinition,
  OpError,
  requireInt32,
  requireWhole,
  union,
} from './op.js';

/**
 * kv[h][i][j] = sum over positions t of k[t][h*d + i] * v[t][h*e + j]
 * a[t][h*e + j] = sum over i < d of q[t][h*d + i] * kv[h][i][j]
 * n[t][ch] = #{l in 1..D : a[t][ch] >= threshold[l]}
 *
 * Linear attention over spike counts: q, k have C channels, v has a multiple of C; head h owns d = C / heads
 * channels of q and k and e of v. There is no softmax, so `q (k^T v)` and `(q k^T) v` are the same integers
 * and the first is cheaper.
 */
export type Attend = {
  op: 'attend';
  name: string;
  inputs: [q: string, k: string, v: string];
  output: string;
  heads: number;
  thresholds: string;
};

/** Entries of k^T v. */
const productCount = (node: Attend, graph: Graph): number =>
  graph.tensors[node.inputs[0]]!.shape[2] * (graph.tensors[node.inputs[2]]!.shape[2] / node.heads);

/** Type that holds every entry of k^T v: the levels bound it, whatever the inputs. */
export function productType(node: Attend, graph: Graph): 'i16' | 'i32' {
  const k = graph.tensors[node.inputs[1]]!;
  const most = k.shape[0] * k.shape[1] * levelsOf(graph, node.inputs[1]) * levelsOf(graph, node.inputs[2]);
  return most < 32768 ? 'i16' : 'i32';
}

export const attend: OpDefinition<Attend> = {
  schema: nodeSchema<Attend>()({
    op: z.literal('attend'),
    ...{ name, inputs: z.tuple([name, name, name]), output: name, heads: size, thresholds: name },
  }),
  describe: () => 'attend',
  equation: (node, graph) => {
    const [rows, columns] = graph.tensors[node.inputs[1]]!.shape;
    const levels = levelsOf(graph, node.output);
    return [
      `kv[h][i][j] = sum over ${rows * columns} positions of k[h][i] * v[h][j]; ${node.heads} heads`,
      `a[t][h][j] = sum over i of q[t][h][i] * kv[h][i][j]; n = levels reached of ${levels} thresholds`,
    ];
  },
  inputs: (node) => node.inputs,
  reads: () => [['spikes'], ['spikes'], ['spikes']],
  writes: () => 'spikes',
  constants: (node) => [
    { key: node.thresholds, type: 'i32', length: (graph) => levelsOf(graph, node.output) },
  ],
  shape(node, [q, k, v]) {
    requireWhole('a number of heads of', [node.heads]);
    if (String(q!.shape) !== String(k!.shape) || q!.shape[0] !== v!.shape[0] || q!.shape[1] !== v!.shape[1])
      throw new OpError(`q [${q!.shape}], k [${k!.shape}] and v [${v!.shape}] do not fit each other`);
    if (q!.shape[2] % node.heads || v!.shape[2] % node.heads)
      throw new OpError(`${node.heads} heads do not divide ${q!.shape[2]} and ${v!.shape[2]} channels`);
    return v!.shape;
  },
  prove(node, graph, inputs) {
    const [q, k, v] = inputs.map((range) => union(range).hi) as [number, number, number];
    if (inputs.some((range) => union(range).lo < 0)) throw new OpError('q, k and v must be counts');
    const [rows, columns, channels] = graph.tensors[node.inputs[0]]!.shape;
    const hi = (channels / node.heads) * q * (rows * columns * k * v);
    requireInt32('q (k^T v)', { lo: 0, hi });
    const thresholds = graph.data.get(node.thresholds) as Int32Array;
    const levels = levelsOf(graph, node.output);
    requireAscending(thresholds, levels);
    const sums = constantRange(graph.tensors[node.output]!.shape[2], 0, hi);
    return { output: fireRange(thresholds, levels, sums), accumulator: { lo: 0, hi } };
  },
  run(node, graph, [q, k, v], output) {
    const [rows, columns, channels] = graph.tensors[node.inputs[0]]!.shape;
    const wide = graph.tensors[node.inputs[2]]!.shape[2];
    const positions = rows * columns;
    const [d, e] = [channels / node.heads, wide / node.heads];
    const kv = new Int32Array(channels * e);
    for (let t = 0; t < positions; t++)
      for (let i = 0; i < channels; i++) {
        const count = k![t * channels + i]!;
        if (!count) continue;
        const from = t * wide + Math.floor(i / d) * e;
        for (let j = 0; j < e; j++) kv[i * e + j] = kv[i * e + j]! + count * v![from + j]!;
      }
    const sums = new Int32Array(positions * wide);
    for (let t = 0; t < positions; t++)
      for (let i = 0; i < channels; i++) {
        const count = q![t * channels + i]!;
        if (!count) continue;
        const to = t * wide + Math.floor(i / d) * e;
        for (let j = 0; j < e; j++) sums[to + j] = sums[to + j]! + count * kv[i * e + j]!;
      }
    const thresholds = graph.data.get(node.thresholds) as Int32Array;
    for (let i = 0; i < sums.length; i++) {
      let n = 0;
      for (const threshold of thresholds) if (sums[i]! >= threshold) n++;
      output[i] = n;
    }
  },
  rows(node, graph, begin, end) {
    const all: [number, number] = [0, graph.tensors[node.inputs[1]]!.shape[0]];
    return [[begin, end], all, all];
  },
  // k^T v, which every band of queries reads.
  kept: (node, graph) => bytesPerValue(productType(node, graph)) * productCount(node, graph),
  macs(node, graph) {
    const q = graph.tensors[node.inputs[0]]!.shape;
    return 2 * product(q) * (graph.tensors[node.inputs[2]]!.shape[2] / node.heads);
  },
  // Events of k against rows of v, then events of q against rows of k^T v.
  work: ({ inputs: [q, k] }) => [q, k],
  planKey: ({ name: _, inputs: _i, output: _o, thresholds: _t, ...rest }) => rest,
  cost: (node, graph) =>
    2 * attend.macs(node, graph) * densityOf(graph.tensors[node.inputs[0]]!) * COST.attend,
};
