import type { ModelBytes } from '../../firmware-gen/fits.js';
import { operationsOf } from '../../models/index.js';
import { layOutImage } from '../wasm/image.js';
import type { PlannedModel } from '../wasm/plan-model.js';

/** What a planned model takes on a device. The code is the same for every plan, so none is needed here. */
export function modelBytes({ graph, plan, layers, tier }: PlannedModel): ModelBytes {
  const image = layOutImage(graph, plan, { layers, functionOf: [], tier });
  return {
    weights: image.weightBytes,
    constants: image.bytes.length - image.weightBytes,
    arena: plan.arenaBytes,
  };
}

/**
 * Bytes of weights that one inference reads, at the firing rates of the calibration images: a byte for each event of
 * the layers that skip zeros, for each multiply of the others. Undefined where no rates are known.
 */
export function weightsRead({ graph, layers }: Pick<PlannedModel, 'graph' | 'layers'>): number | undefined {
  let total = 0;
  for (const [i, node] of graph.nodes.entries()) {
    if (node.op !== 'accumulate') continue;
    const operations = operationsOf(node, graph);
    if (!operations) return undefined;
    const skips = layers[i]!.kernel === 'events' || node.groups > 1;
    total += skips ? operations.events : operations.dense;
  }
  return Math.round(total);
}
