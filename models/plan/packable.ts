import type { Graph } from '../graph.js';

/** Tensors whose counts may share bytes: all spikes. */
export const packable = (graph: Graph): Set<string> =>
  new Set(Object.keys(graph.tensors).filter((name) => graph.tensors[name]!.kind === 'spikes'));
