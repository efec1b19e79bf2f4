import { definition, fired, type Graph, type GraphNode } from './graph.js';
import { product } from './tensor.js';

/**
 * What one image costs, estimated from mean rates; neurobench.ts counts by NeuroBench's definitions, which
 * differ. `dense` multiply-accumulates if nothing were skipped, those of padding among them; `effectiveMacs`
 * on pixels that are not zero; `effectiveAcs` one accumulation per spike and synapse, a count of n being n
 * spikes, zero weights among them; `events` one visit of a non-zero count and synapse, whatever the count,
 * which is what spikelet's kernels do.
 */
export type Operations = { dense: number; effectiveMacs: number; effectiveAcs: number; events: number };

/** Names of the tensors whose events are a node's work. */
export const drivingInputs = (node: GraphNode): string[] => definition(node).work(node);

/**
 * Operations of one node at the rates that its inputs had on the calibration images; undefined if none is
 * known.
 */
export function operationsOf(node: GraphNode, graph: Graph): Operations | undefined {
  const dense = definition(node).macs(node, graph);
  if (!dense) return { dense, effectiveMacs: 0, effectiveAcs: 0, events: 0 };
  const inputs = drivingInputs(node);
  const total: Operations = { dense, effectiveMacs: 0, effectiveAcs: 0, events: 0 };
  for (const name of inputs) {
    const { kind, activity } = graph.tensors[name]!;
    if (!activity) return undefined;
    const share = dense / inputs.length;
    if (kind === 'spikes') {
      total.effectiveAcs += share * activity.rate;
      total.events += share * activity.density;
    } else total.effectiveMacs += share * activity.density;
  }
  return total;
}

/**
 * NeuroBench's activation sparsity: share of the neurons' outputs that are zero; undefined if no rate is
 * known.
 */
export function activationSparsity(graph: Graph): number | undefined {
  let [zeros, all] = [0, 0];
  for (const name of fired(graph)) {
    const { shape, activity } = graph.tensors[name]!;
    if (!activity) return undefined;
    zeros += product(shape) * (1 - activity.density);
    all += product(shape);
  }
  return all ? zeros / all : undefined;
}
