import { type Graph, type GraphNode, prove } from '../../models/index.js';

/**
 * A graph of other names: of its nodes and their outputs, in order, as far as there are, and its own.
 * Computes the same.
 */
export function renamed(graph: Graph, names: readonly string[], name: string): Graph {
  const tensors = new Map(graph.nodes.map(({ output }, i) => [output, names[i] ?? output]));
  const called = (tensor: string): string => tensors.get(tensor) ?? tensor;
  const node = (old: GraphNode, i: number): GraphNode => {
    const label = names[i] ?? old.name;
    const shared = { name: label, output: called(old.output) };
    if ('inputs' in old)
      return { ...old, ...shared, inputs: old.inputs.map(called) as [string, string, string] };
    if (old.op === 'accumulate' && old.end.kind === 'charge' && old.end.residual !== undefined)
      return {
        ...old,
        ...shared,
        input: called(old.input),
        end: { ...old.end, residual: called(old.end.residual) },
      };
    return { ...old, ...shared, input: called(old.input) };
  };
  const other: Graph = {
    ...graph,
    name,
    classes: graph.classes.map((old, i) => names[i] ?? old),
    tensors: Object.fromEntries(Object.entries(graph.tensors).map(([key, value]) => [called(key), value])),
    nodes: graph.nodes.map(node),
  };
  prove(other);
  return other;
}
