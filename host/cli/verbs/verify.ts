import { rawImage } from '../../../models/dataset.js';
import { exitCode } from '../../../models/error.js';
import type { Graph } from '../../../models/graph.js';
import { pixelTable, rawToPixels } from '../../../models/interpret.js';
import { loadDataset, usages } from '../../data/index.js';
import { percent } from '../../report/text.js';
import { moduleOf } from '../../runner.js';
import { verifyWasm } from '../../verify.js';
import { emitBuild } from '../../wasm/build.js';
import { loadThreads, loadWasm, type WasmModel } from '../../wasm/load.js';
import { openWasm } from '../../wasm/open.js';
import { requireFits } from '../fits.js';
import { loadGraph } from '../load.js';
import { threadsOption } from '../plan-options.js';
import { integer, oneOf, required, verb } from '../verb.js';

type Options = { against?: 'wasm'; data?: string; count: number; build?: string; threads: number };

export const verify = verb<Options>({
  summary: 'compare a backend with the reference interpreter, tensor by tensor',
  arguments: [['<graph>', 'a Graph, as quantize writes it']],
  options: [
    { flags: '--against <target>', description: 'wasm', parse: oneOf(['wasm'] as const) },
    {
      flags: '--data <spec>',
      description: usages(),
    },
    { flags: '--count <n>', description: 'test images', parse: integer(1, 10_000_000), default: 100 },
    {
      flags: '--build <path>',
      description: 'a folder that build wrote, or its model.wasm (default: built now)',
    },
    threadsOption('that share an image; of a --build, in its model-threads.wasm'),
  ],
  async run([path], options, io) {
    const against = required(options.against, '--against');
    const spec = required(options.data, '--data');
    const graph = await loadGraph(path!);
    const { shape } = graph.tensors['input']!;
    const input = { shape, classes: graph.classes, ...graph.input };
    const data = await loadDataset(spec, { log: io.note, input, limit: options.count });
    requireFits(path!, { shape, classes: graph.classes }, data);
    const { threads } = options;
    const model = options.build
      ? await openWasm(await moduleOf(options.build, threads), threads)
      : await freshModel(graph, threads);
    const samples = Math.min(options.count, data.test.count);
    if (samples < options.count) io.note(`${data.name} has ${samples} test images, not ${options.count}`);
    const table = pixelTable(graph);
    const images = function* () {
      for (let i = 0; i < samples; i++) yield rawToPixels(table, rawImage(data.test, data.shape, i));
    };
    const bar = io.progress('verifying');
    const result = verifyWasm(graph, model, images(), {
      ...(data.unlabelled ? {} : { labels: data.test.labels }),
      onProgress: (done) => bar.update(done, samples),
    });
    bar.done();
    await model.close?.();
    const { firstDifference: difference, accuracy } = result;
    io.print(`${result.equal} of ${result.samples} samples equal at every tensor`);
    if (accuracy)
      io.print(`accuracy: graph ${percent(accuracy.graph, 2)}, ${against} ${percent(accuracy.wasm, 2)}`);
    if (difference)
      io.print(
        `first difference: sample ${difference.sample}, tensor '${difference.tensor}': ` +
          `CRC-32 ${difference.expected} expected, ${difference.actual} found`,
      );
    return { result: { against, ...result }, ...(difference ? { code: exitCode.differs } : {}) };
  },
});

async function freshModel(graph: Graph, threads: number): Promise<WasmModel & { close?(): Promise<void> }> {
  const { files } = await emitBuild(graph, { threads });
  const moduleIn = (name: string) =>
    files.find(({ path }) => path === name)!.contents as Uint8Array<ArrayBuffer>;
  return threads > 1
    ? loadThreads(moduleIn('model-threads.wasm'), threads)
    : loadWasm(moduleIn('model.wasm'));
}
