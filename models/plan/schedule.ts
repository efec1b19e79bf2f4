import { definition, type Graph } from '../graph.js';

/** Node `node` (index in graph.nodes) computes rows `row` .. `row + rows` of its output. */
export type PlanStep = { node: number; row: number; rows: number };

/** What decides the order of the steps. */
export type Order = {
  /** Most rows that a node computes at a time, by its index. */
  band(node: number): number;
  /**
   * Tensors that are complete before anything reads them: the nodes before them are done, and their memory is
   * free.
   */
  whole: ReadonlySet<string>;
};

/**
 * Depth first from the logits: a band is computed when the first band that reads it needs it, and no more
 * than it needs, so little is held. The last band of a reader asks for all rows, including those that no
 * window reaches, so that every tensor is computed whole. `first` and `last`: the nodes of a part of the
 * graph, whose input is complete.
 */
export function schedule(
  graph: Graph,
  { band, whole }: Order,
  [first, last]: [first: number, last: number] = [0, graph.nodes.length - 1],
): PlanStep[] {
  const writer = new Map<string, number>();
  for (let index = first; index <= last; index++) writer.set(graph.nodes[index]!.output, index);
  const done = graph.nodes.map(() => 0);
  const steps: PlanStep[] = [];
  const produce = (index: number, upTo: number): void => {
    const node = graph.nodes[index]!;
    const op = definition(node);
    const inputs = op.inputs(node);
    const height = graph.tensors[node.output]!.shape[0];
    while (done[index]! < upTo) {
      const row = done[index]!;
      const rows = Math.min(band(index), upTo - row);
      op.rows(node, graph, row, row + rows).forEach(([, end], i) => {
        const name = inputs[i]!;
        const source = writer.get(name);
        if (source === undefined) return;
        const all = row + rows === height || whole.has(name);
        produce(source, all ? graph.tensors[name]!.shape[0] : end);
      });
      steps.push({ node: index, row, rows });
      done[index] = row + rows;
    }
  };
  produce(last, graph.tensors[graph.nodes[last]!.output]!.shape[0]);
  return steps;
}
