import { definition, type Graph, type GraphNode } from '../../../models/graph.js';
import { streamingOp } from '../../ops/index.js';

/**
 * A stream from a tensor to a node that reads it. `least`: values that its FIFO must hold so that nothing ever waits for
 * itself. `depth`: values that it is given; a residual branch has a row more, for with the least the layers beside it would
 * take turns.
 */
export type Edge = { tensor: string; node: GraphNode; residual: boolean; least: number; depth: number };

type Counted = Edge & {
  channels: number;
  /** Places of the tensor that the node must have taken before it can give place `at` of its output. */
  needs: (at: number) => number;
  taken: number;
};

/**
 * Every edge in the order of the nodes. The least depths come from running the graph once, place by place and on demand: the
 * most that an edge then holds is enough. One order of events that ends within these depths proves that every order
 * does, for a stream's reader and writer wait for nothing but it. That takes a second for large images and is the same for
 * all designs of a graph, so it is done once.
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
  // From the last node on: one that has given its whole output takes whatever else comes.
  for (const tensor of [...graph.nodes.map((node) => node.output).reverse(), 'input']) {
    demand(tensor, places(tensor));
    note(tensor);
    for (const edge of into(writer.get(tensor))) edge.taken = Number.POSITIVE_INFINITY;
  }
}
