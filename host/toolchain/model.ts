import { emitModelC } from '../../firmware-gen/model/index.js';
import { modelData, requireFirmwarePlan } from '../../firmware-gen/model-data.js';
import type { Graph, OutputFile } from '../../models/index.js';
import { emitSource } from '../../wasm/emit.js';
import { frontEndLayer } from '../../wasm/front-end.js';
import { type ModelOptions, type PlannedModel, planModel } from '../../wasm/plan-model.js';
import { signaturesOf } from '../wasm/assemblyscript.js';
import { compileForC } from '../wasm/compile.js';

/**
 * Prints a planned model as C: spikelet.h (or another prefix), model.c and the rest (firmware-gen/model/).
 */
export async function printModel(planned: PlannedModel, prefix?: string): Promise<OutputFile[]> {
  requireFirmwarePlan(planned);
  const { source, functionOf, comments } = emitSource(planned.graph, planned.layers, signaturesOf('c'), {
    frontEnd: frontEndLayer(planned.graph.frontEnd),
  });
  const data = modelData(planned, functionOf, prefix);
  return emitModelC({ ...data, code: await compileForC(source), comments });
}

/**
 * Prints a graph as C. Throws a SpikeletError if it is not proven, does not fit `options`, or cannot be
 * printed.
 */
export const emitModel = (
  graph: Graph,
  options: Pick<ModelOptions, 'ram' | 'time' | 'band'> = {},
): Promise<OutputFile[]> => printModel(planModel(graph, { ...options, tier: 'swar' }));
