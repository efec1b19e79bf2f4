import { definition, type Graph, type GraphNode, type GraphTensor } from '../../models/graph.js';

export const shapeOf = ({ shape, kind }: GraphTensor): string => `${kind} [${shape.join('][')}]`;

/** The equation of a node's step and its shapes, as comment lines for the emitted Verilog. */
export function equationOf(node: GraphNode, graph: Graph): string[] {
  const { equation, inputs } = definition(node);
  const shapes = `${shapeOf(graph.tensors[inputs(node)[0]!]!)} -> ${shapeOf(graph.tensors[node.output]!)}`;
  return [...equation(node, graph).map((line) => `${node.name}: ${line}`), shapes];
}
