import { operationsOf } from '../models/index.js';
import { isAccumulate } from '../models/ops/accumulate.js';
import { functionCount } from '../wasm/emit.js';
import type { PlannedModel } from '../wasm/plan-model.js';
import { CHECKED_FUNCTION_BYTES, FUNCTION_BYTES, type ModelBytes } from './fits.js';
import { bytesOfModel } from './model/index.js';
import { modelData } from './model-data.js';

/** Bytes that a planned model takes on a device, before it is printed; `checked`: with bounds checks. */
export function modelBytes(planned: PlannedModel, checked = false): ModelBytes {
  return {
    ...bytesOfModel(modelData(planned)),
    code: functionCount(planned.layers) * (checked ? CHECKED_FUNCTION_BYTES : FUNCTION_BYTES),
    layers: planned.layers.length,
  };
}

type Kernels = Pick<PlannedModel, 'graph' | 'layers'>;

/**
 * Bytes of weights that each layer reads in one inference, at the firing rates of the graph's tensors: one
 * byte per event in layers that skip zeros, one per multiply in the others. Undefined if no rates are known.
 */
export function weightsReadBy({ graph, layers }: Kernels): (number | undefined)[] {
  return graph.nodes.map((node, i) => {
    if (!isAccumulate(node)) return 0;
    const operations = operationsOf(node, graph);
    const skips = layers[i]!.kernel === 'events' || node.groups > 1;
    return operations && Math.round(skips ? operations.events : operations.dense);
  });
}

/** Bytes of weights that one inference reads; undefined if the rates are not known. */
export function weightsRead(kernels: Kernels): number | undefined {
  return weightsReadBy(kernels).reduce(
    (sum, bytes) => (sum === undefined || bytes === undefined ? undefined : sum + bytes),
    0,
  );
}
