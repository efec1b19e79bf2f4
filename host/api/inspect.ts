import { type Dataset, type Graph, type Net, SpikeletError } from '../../models/index.js';
import { planModel } from '../../wasm/plan-model.js';
import { inspectGraph, inspectNet } from '../report/inspect.js';
import { inspectNeuroBench } from '../report/neurobench.js';
import { inspectPlan } from '../report/plan.js';
import { isFolder } from '../system/files.js';
import { targetNames, targetOf } from '../targets/index.js';
import { budgetOf, type PlanFlags } from '../targets/options.js';
import type { Inspection } from '../targets/target.js';
import { imagesFor } from './images.js';
import { loadNetOrGraph } from './load.js';

/**
 * What a model is made of: of a Net its layers, parameters and multiplications; of a Graph its layers, proven ranges, work
 * and bytes; of a build what its target tells.
 * @param model A Net, a Graph, or the path of a file or folder that spikelet wrote.
 * @returns `result`, plain data by its `kind`; `parts`, the same as lines and tables for people.
 * @throws SpikeletError if the file cannot be read, is damaged or is not one of spikelet's.
 */
export async function inspect(model: string | Net | Graph): Promise<Inspection> {
  if (typeof model !== 'string') return 'tensors' in model ? inspectGraph(model) : inspectNet(model);
  for (const name of targetNames) {
    const found = await targetOf(name).inspect(model);
    if (found) return found;
  }
  if (await isFolder(model))
    throw new SpikeletError(`${model} is not a folder that 'spikelet build' wrote`, {
      hint: 'give such a folder, a model.wasm, or a .safetensors of spikelet',
    });
  const found = await loadNetOrGraph(model);
  return 'net' in found ? inspectNet(found.net) : inspectGraph(found.graph);
}

/**
 * Counts NeuroBench's metrics of a Graph on the first `count` test images of a dataset (default 100).
 * @throws SpikeletError (code 2) where the dataset's images or classes are not the graph's.
 */
export function inspectOnData(
  graph: Graph,
  data: Dataset,
  { count = 100, onProgress }: { count?: number; onProgress?: (done: number) => void } = {},
) {
  return inspectNeuroBench(graph, imagesFor(graph, data, count).pixels, data.name, onProgress);
}

/**
 * How a Graph is run in memory: exact bytes of RAM, the steps, and what is alive at the peak.
 * @param budget `ram` in bytes or `time` as a multiple of the fastest plan's, and where the weights are.
 * @param width Columns of the chart in `parts`.
 * @throws SpikeletError where the Graph is not proven, or no plan has so little RAM.
 */
export function plan(graph: Graph, budget: PlanFlags = {}, width = 80) {
  return inspectPlan(planModel(graph, budgetOf(budget)), width);
}
