import type { Graph, Proof } from '../../models/graph.js';
import { isAccumulate } from '../../models/ops/accumulate.js';
import { sequentialOp } from '../ops/index.js';
import type { Layout } from './layout.js';
import { encodingOf, type Program } from './steps.js';

/** The steps of all nodes and the constants that they read. */
export function programOf(
  graph: Graph,
  proof: Proof,
  layout: Layout,
  { lanes, bits }: { lanes: number; bits: number },
): Program {
  const program: Program = {
    steps: [],
    constants: [],
    weights: [],
    events: 1,
    shifts: { charge: largestShift(graph, 'charge'), readout: largestShift(graph, 'readout') },
    encode: encodingOf(graph),
    thresholds: [],
  };
  const context = { graph, proof, layout, lanes, bits, program };
  graph.nodes.forEach((node, at) => {
    sequentialOp(node).add(node, context, at + 1);
  });
  return program;
}

/** The largest shift for this end. Smaller ones are raised to it by doubling multiplier and bias. */
const largestShift = (graph: Graph, kind: 'charge' | 'readout'): number =>
  graph.nodes.reduce(
    (most, node) => (isAccumulate(node) && node.end.kind === kind ? Math.max(most, node.end.shift) : most),
    0,
  );
