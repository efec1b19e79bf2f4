import { z } from 'zod';
import type { Graph, GraphTensor } from '../graph.js';
import { name, nodeSchema } from '../schema-parts.js';
import { type ChannelRange, type OpDefinition, OpError, union, type Values } from './op.js';

/**
 * n[r][c][ch] = #{k in 1..D : x[r][c][ch] >= threshold[ch][k]}
 *
 * The SFA neuron on a membrane. `thresholds` [1 or channels][D] ascend; one row serves all channels.
 */
export type Fire = { op: 'fire'; name: string; input: string; output: string; thresholds: string };

/** Counts for one value: how many of the D ascending thresholds from `at` on it reaches. */
export const countReached = (value: number, thresholds: Int32Array, at: number, levels: number): number => {
  let n = 0;
  while (n < levels && value >= thresholds[at + n]!) n++;
  return n;
};

/** Levels D of the spikes that a node writes. */
export const levelsOf = (graph: Graph, output: string): number => graph.tensors[output]!.levels ?? 0;

/** Fire's ranges: what the lowest and the highest value of each channel reach. */
export function fireRange(thresholds: Int32Array, levels: number, x: ChannelRange): ChannelRange {
  const shared = thresholds.length === levels;
  const at = (c: number) => (shared ? 0 : c * levels);
  return {
    lo: x.lo.map((v, c) => countReached(v, thresholds, at(c), levels)),
    hi: x.hi.map((v, c) => countReached(v, thresholds, at(c), levels)),
  };
}

/** Throws unless every row of D thresholds ascends. */
export function requireAscending(thresholds: Int32Array, levels: number): void {
  for (let i = 1; i < thresholds.length; i++)
    if (i % levels && thresholds[i]! < thresholds[i - 1]!)
      throw new OpError(`the thresholds of channel ${Math.floor(i / levels)} do not ascend`);
}

/** Whether one row of thresholds serves all channels. */
const isShared = ({ thresholds, output }: Fire, graph: Graph): boolean =>
  graph.data.get(thresholds)?.length === levelsOf(graph, output);

export const fire: OpDefinition<Fire> = {
  schema: nodeSchema<Fire>()({
    op: z.literal('fire'),
    ...{ name, input: name, output: name, thresholds: name },
  }),
  describe: () => 'fire',
  equation: (node, graph) => [
    `n = levels reached of ${levelsOf(graph, node.output)} thresholds ${isShared(node, graph) ? 'for all channels' : 'per channel'}`,
  ],
  inputs: (node) => [node.input],
  reads: () => [['membrane']],
  writes: () => 'spikes',
  constants: (node) => [
    {
      key: node.thresholds,
      type: 'i32',
      length: (graph) =>
        levelsOf(graph, node.output) * (isShared(node, graph) ? 1 : graph.tensors[node.output]!.shape[2]),
    },
  ],
  shape: (_node, [x]: GraphTensor[]) => x!.shape,
  prove(node, graph, [x]) {
    const thresholds = graph.data.get(node.thresholds) as Int32Array;
    const levels = levelsOf(graph, node.output);
    requireAscending(thresholds, levels);
    return { output: fireRange(thresholds, levels, x!), accumulator: union(x!) };
  },
  run(node, graph, [x]: Values[], output) {
    const thresholds = graph.data.get(node.thresholds) as Int32Array;
    const levels = levelsOf(graph, node.output);
    const channels = graph.tensors[node.output]!.shape[2];
    const shared = isShared(node, graph);
    for (let i = 0; i < output.length; i++)
      output[i] = countReached(x![i]!, thresholds, shared ? 0 : (i % channels) * levels, levels);
  },
  rows: (_node, _graph, begin, end) => [[begin, end]],
  macs: () => 0,
  work: (node) => [node.input],
  planKey: ({ name: _, input: _i, output: _o, thresholds: _t, ...rest }) => rest,
  cost: () => 0,
};
