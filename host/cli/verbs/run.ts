import { join } from 'node:path';
import { argmax, rawToPixels } from '../../../models/interpret.js';
import { readImage } from '../../data/index.js';
import { isFolder, readBytes } from '../../files.js';
import { loadWasm } from '../../wasm/load.js';
import { integer, required, verb } from '../verb.js';

type Options = { input?: string; top: number };

export const run = verb<Options>({
  summary: 'run a built model on an image',
  arguments: [['<build>', 'a folder that build wrote, or its model.wasm']],
  options: [
    { flags: '--input <file>', description: 'a PNG, JPEG or WebP image' },
    { flags: '--top <n>', description: 'classes to print', parse: integer(1, 1000), default: 5 },
  ],
  async run([path], options, io) {
    const input = required(options.input, '--input');
    const model = loadWasm(await readBytes((await isFolder(path!)) ? join(path!, 'model.wasm') : path!));
    const { description } = model;
    const shape = description.tensors[0]![3];
    const table = new Int8Array(model.memory.buffer, description.pixelTable, 256 * shape[2]);
    const pixels = rawToPixels(table, await readImage(input, shape));
    const started = performance.now();
    const logits = model.infer(pixels);
    const milliseconds = performance.now() - started;
    const ranking = [...logits.keys()].sort((a, b) => logits[b]! - logits[a]! || a - b).slice(0, options.top);
    const classes = ranking.map((index) => ({
      index,
      class: description.classes[index]!,
      logit: logits[index]! * description.output.scale,
    }));
    io.table(
      [{ title: 'class' }, { title: 'logit', right: true }],
      classes.map(({ class: name, logit }) => [name, logit.toFixed(3)]),
    );
    io.print();
    io.print(`${description.name} on ${input}: ${milliseconds.toFixed(2)} ms, the first run included`);
    return {
      result: {
        input,
        class: description.classes[argmax(logits)]!,
        classes,
        milliseconds,
        logits: [...logits],
      },
    };
  },
});
