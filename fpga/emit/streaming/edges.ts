import { definition, type Graph, type GraphNode } from '../../../models/graph.js';
import { streamingOp } from '../../ops/index.js';

/**
 * A stream from a tensor to a node that reads it. `least`: FIFO depth needed to rule out deadlock. `depth`:
 * its actual depth; a residual branch gets one row more, because with the minimum the layers in parallel to
 * it would take turns.
 */
export type Edge = { tensor: string; node: GraphNode; residual: boolean; least: number; depth: number };

type Counted = Edge & {
  channels: number;
  /** Positions of the tensor that the node must have taken before it can give position `at` of its output. */
  needs: (at: number) => number;
  taken: number;
};

/**
 * Every edge, in node order. The least depths come from running the graph once, position by position and on
 * demand: the maximum that an edge then holds is enough. If one order of events finishes within these depths,
 * every order does, because a stream's reader and writer wait for nothing but that stream. This takes a
 * second for large images and is the same for all designs of a graph, so it is done once.
 */
export function edgesOf(graph: Graph): readonly Edge[] {
  const found = known.get(graph) ?? newEdges(graph);
  known.set(graph, found);
  return found;
}

const known = new WeakMap<Graph, readonly Edge[]>();

function newEdges(graph: Graph): Edge[] {
  const edges = graph.nodes.flatMap((node) =>
    definition(node)
      .inputs(node)
      .map((tensor, at): Counted => {
        const residual = at > 0;
        const needs = residual ? (place: number) => place + 1 : streamingOp(node).needs(node, graph);
        const channels = graph.tensors[tensor]!.shape[2];
        return { tensor, node, residual, least: 1, depth: 2, channels, needs, taken: 0 };
      }),
  );
  demandAll(graph, edges);
  return edges.map(({ tensor, node, residual, least }) => {
    const [, columns, channels] = graph.tensors[tensor]!.shape;
    return { tensor, node, residual, least, depth: Math.max(2, least + (residual ? columns * channels : 0)) };
  });
}

function demandAll(graph: Graph, edges: Counted[]): void {
  const produced = new Map<string, number>();
  const writer = new Map(graph.nodes.map((node) => [node.output, node]));
  const into = (node: GraphNode | undefined) => edges.filter((edge) => edge.node === node);
  const from = new Map(
    Object.keys(graph.tensors).map((tensor) => [tensor, edges.filter((edge) => edge.tensor === tensor)]),
  );
  const reads = new Map(graph.nodes.map((node) => [node.output, into(node)]));
  const note = (tensor: string) => {
    for (const edge of from.get(tensor)!)
      edge.least = Math.max(edge.least, ((produced.get(tensor) ?? 0) - edge.taken) * edge.channels);
  };
  const demand = (tensor: string, count: number): void => {
    for (let at = produced.get(tensor) ?? 0; at < count; at++) {
      for (const edge of reads.get(tensor) ?? [])
        while (edge.taken < edge.needs(at)) {
          demand(edge.tensor, edge.taken + 1);
          edge.taken++;
          note(edge.tensor);
        }
      produced.set(tensor, at + 1);
    }
  };
  const places = (tensor: string) => {
    const [rows, columns] = graph.tensors[tensor]!.shape;
    return rows * columns;
  };
  // Starts at the last node: a node that has given its whole output takes any further input.
  for (const tensor of [...graph.nodes.map((node) => node.output).reverse(), 'input']) {
    demand(tensor, places(tensor));
    note(tensor);
    for (const edge of into(writer.get(tensor))) edge.taken = Number.POSITIVE_INFINITY;
  }
}
