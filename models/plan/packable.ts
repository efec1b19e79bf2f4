import { definition, type Graph, type GraphNode } from '../graph.js';
import { kernelOf } from '../ops/accumulate.js';

/** Kernels that read counts of 4 bits: those that look at each count once, so that unpacking costs little. */
const reads = (node: GraphNode, graph: Graph): boolean =>
  node.op === 'attend' || (node.op === 'accumulate' && kernelOf(node, graph) === 'events');

/** Tensors whose counts may share bytes. */
export function packable(graph: Graph): Set<string> {
  const names = Object.keys(graph.tensors).filter((name) => graph.tensors[name]!.kind === 'spikes');
  return new Set(
    names.filter((name) =>
      graph.nodes.every((node) => !definition(node).inputs(node).includes(name) || reads(node, graph)),
    ),
  );
}
