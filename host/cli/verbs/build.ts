import { join } from 'node:path';
import { writeFiles } from '../../files.js';
import { bytes } from '../../report/text.js';
import { emitPlanned } from '../../wasm/build.js';
import { planModel, type WeightPlace, weightPlaces } from '../../wasm/plan-model.js';
import { loadGraph } from '../load.js';
import { byteCount, oneOf, required, verb } from '../verb.js';

type Options = { target?: 'wasm'; out: string; ram?: number; weights: WeightPlace };

export const build = verb<Options>({
  summary: 'compile a Graph for a target',
  arguments: [['<graph>', 'a Graph, as quantize writes it']],
  options: [
    {
      flags: '--target <name>',
      description: 'wasm: one module with a loader for Node and browsers',
      parse: oneOf(['wasm'] as const),
    },
    { flags: '--out <folder>', description: 'where the files go', default: 'build' },
    {
      flags: '--ram <bytes>',
      description: 'most RAM, as 384k: the fastest plan within it (default: the fastest of all)',
      parse: byteCount,
    },
    {
      flags: '--weights <place>',
      description:
        'inside: in the memory, or in flash where a device reads it in place; outside: in a file that the module reads',
      parse: oneOf(weightPlaces),
      default: 'inside',
    },
  ],
  async run([path], options, io) {
    const target = required(options.target, '--target');
    const graph = await loadGraph(path!);
    const started = performance.now();
    const { ram, weights } = options;
    const planned = planModel(graph, { weights, ...(ram ? { ram } : {}) });
    io.note(`planned: ${planned.ramBytes} B of RAM in ${planned.plan.steps.length} steps`);
    const { files, bytes: sizes, arenaBytes, ramBytes, pages } = await emitPlanned(planned);
    const seconds = (performance.now() - started) / 1000;
    await writeFiles(options.out, files);
    io.table(
      [{ title: 'model.wasm' }, { title: 'bytes', right: true }],
      [
        ['weights', String(sizes.weights)],
        ['thresholds, scales, schedule', String(sizes.constants)],
        ['code and description', String(sizes.module + sizes.outside - sizes.weights - sizes.constants)],
        ['all', String(sizes.module + sizes.outside)],
      ],
    );
    io.print();
    io.print(
      `RAM: ${ramBytes} B (${bytes(ramBytes)})${
        weights === 'inside'
          ? ' for tensors, beside the constants'
          : `, all of the memory; ${sizes.outside} B of constants in a file of their own`
      }; ${pages} pages of WebAssembly; built in ${seconds.toFixed(1)} s`,
    );
    io.print(`${files.map(({ path: file }) => join(options.out, file)).join(', ')}`);
    return {
      result: {
        target,
        out: options.out,
        files: files.map((file) => file.path),
        bytes: sizes,
        arenaBytes,
        ramBytes,
        pages,
        weights,
        steps: planned.plan.steps.length,
        seconds,
      },
    };
  },
});
