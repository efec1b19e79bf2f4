import { join } from 'node:path';
import { writeFiles } from '../../files.js';
import { bytes } from '../../report/text.js';
import { emitBuild } from '../../wasm/build.js';
import { loadGraph } from '../load.js';
import { integer, oneOf, required, verb } from '../verb.js';

type Options = { target?: 'wasm'; out: string; band?: number };

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
      flags: '--band <rows>',
      description: 'rows a layer computes at a time: fewer take less memory (default: all)',
      parse: integer(1, 65_536),
    },
  ],
  async run([path], options, io) {
    const target = required(options.target, '--target');
    const graph = await loadGraph(path!);
    const started = performance.now();
    const {
      files,
      bytes: sizes,
      arenaBytes,
    } = await emitBuild(graph, options.band ? { band: options.band } : {});
    const seconds = (performance.now() - started) / 1000;
    await writeFiles(options.out, files);
    io.table(
      [{ title: 'model.wasm' }, { title: 'bytes', right: true }],
      [
        ['weights', String(sizes.weights)],
        ['thresholds, scales, schedule', String(sizes.constants)],
        ['code and description', String(sizes.module - sizes.weights - sizes.constants)],
        ['all', String(sizes.module)],
      ],
    );
    io.print();
    io.print(
      `memory for tensors: ${arenaBytes} B (${bytes(arenaBytes)}), beside the constants; built in ${seconds.toFixed(1)} s`,
    );
    io.print(`${files.map(({ path: file }) => join(options.out, file)).join(', ')}`);
    return {
      result: {
        target,
        out: options.out,
        files: files.map((file) => file.path),
        bytes: sizes,
        arenaBytes,
        seconds,
      },
    };
  },
});
