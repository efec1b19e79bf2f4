import { FUNCTION_BYTES, type ModelBytes } from '../../firmware-gen/fits.js';
import { bytesOfModel } from '../../firmware-gen/model/index.js';
import { operationsOf } from '../../models/index.js';
import { emitSource } from '../wasm/emit.js';
import type { PlannedModel } from '../wasm/plan-model.js';
import { modelData } from './model.js';

/** What a planned model takes on a device, before it is printed. */
export function modelBytes(planned: PlannedModel): ModelBytes {
  const { functions } = emitSource(planned.graph, planned.layers);
  return {
    ...bytesOfModel(modelData(planned)),
    code: functions * FUNCTION_BYTES,
    layers: planned.layers.length,
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
