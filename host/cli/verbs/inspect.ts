import { datasetFor } from '../../api/images.js';
import { inspectOnData, inspect as inspectPath, plan as planGraph } from '../../api/inspect.js';
import { loadGraph } from '../../api/load.js';
import { usages } from '../../data/index.js';
import { budgetOf, type PlanFlags } from '../../targets/options.js';
import type { Inspection } from '../../targets/target.js';
import type { Io } from '../io.js';
import { reporter } from '../io.js';
import { planOptions } from '../plan-options.js';
import { integer, usageError, verb } from '../verb.js';

type Options = PlanFlags & { plan?: boolean; data?: string; count: number };

export const inspect = verb<Options>({
  summary: 'print what is in a Net, a Graph or a build',
  arguments: [['<file>', 'a .safetensors of spikelet, a model.wasm or a folder that build wrote']],
  options: [
    { flags: '--plan', description: 'how build would run a Graph: its memory over its steps, as a chart' },
    {
      flags: '--data <spec>',
      description: `count NeuroBench's metrics of a Graph on test images: ${usages()}`,
    },
    {
      flags: '--count <n>',
      description: 'with --data: test images',
      parse: integer(1, 10_000_000),
      default: 100,
    },
    ...planOptions.map((option) => ({ ...option, description: `with --plan: ${option.description}` })),
  ],
  async run([path], { plan, data, count, ...options }, io) {
    const budget = budgetOf(options);
    if (!plan && Object.keys(budget).length)
      throw usageError('--ram, --time and --weights are of --plan', 'add --plan');
    if (plan && data !== undefined) throw usageError('--plan and --data are two views', 'omit one of them');
    const { result, parts } =
      data !== undefined
        ? await onData(path!, { spec: data, count }, io)
        : plan
          ? planGraph(await loadGraph(path!), budget, io.width)
          : await inspectPath(path!);
    for (const part of parts) reporter(io)(part);
    return { result };
  },
});

async function onData(
  path: string,
  { spec, count }: { spec: string; count: number },
  io: Io,
): Promise<Inspection> {
  const graph = await loadGraph(path);
  const { data, samples } = await datasetFor(path, graph, { spec, count }, io.note);
  const bar = io.progress('counting');
  const found = inspectOnData(graph, data, { count, onProgress: (done) => bar.update(done, samples) });
  bar.done();
  return found;
}
