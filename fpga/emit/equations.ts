import type { Graph, GraphNode, GraphTensor } from '../../models/graph.js';
import type { Accumulate } from '../../models/ops/accumulate.js';
import { levelsOf } from '../../models/ops/fire.js';

export const shapeOf = ({ shape, kind }: GraphTensor): string => `${kind} [${shape.join('][')}]`;

/** What a node computes and the shapes it does it on, as comments of emitted Verilog; not of attention, which takes two steps. */
export function equationOf(node: Exclude<GraphNode, { op: 'attend' }>, graph: Graph): string[] {
  const shapes = `${shapeOf(graph.tensors[node.input]!)} -> ${shapeOf(graph.tensors[node.output]!)}`;
  return [`${node.name}: ${bodyOf(node, graph)}`, shapes];
}

function bodyOf(node: Exclude<GraphNode, { op: 'attend' }>, graph: Graph): string {
  switch (node.op) {
    case 'accumulate': {
      const { kernel, stride, padding, groups } = node;
      const depth = graph.tensors[node.input]!.shape[2] / groups;
      return (
        `acc = sum of w[o][${kernel.join('][')}][${depth}] * ${node.input}, stride ${stride.join('x')}, ` +
        `padding ${padding.join('x')}; ${endOf(node, graph)}`
      );
    }
    case 'fire': {
      const levels = levelsOf(graph, node.output);
      const shared = graph.data.get(node.thresholds)!.length === levels;
      return `n = levels reached of ${levels} thresholds ${shared ? 'for all channels' : 'per channel'}`;
    }
    case 'pool':
      return `y = sum of ${node.kernel.join('x')} places, stride ${node.stride.join('x')}`;
  }
}

function endOf({ end, output }: Accumulate, graph: Graph): string {
  if (end.kind === 'fire') return `n = levels reached of ${levelsOf(graph, output)} thresholds per channel`;
  const residual = end.kind === 'charge' ? end.residual : undefined;
  return `y = ${residual ? `${residual} + ` : ''}((acc * multiplier + bias) >> ${end.shift})`;
}
