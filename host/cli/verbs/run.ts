import { extname } from 'node:path';
import { SpikeletError } from '../../../models/error.js';
import { writeSafetensors } from '../../../models/safetensors.js';
import { startBatch } from '../../batch.js';
import { listImages } from '../../data/folder.js';
import { readNetImage } from '../../data/index.js';
import { imagenetClasses, type Label, readLabels } from '../../data/labels.js';
import { evaluateFolder, type FolderAccuracy, resultsPath } from '../../evaluate-folder.js';
import { isFolder, readBytes, writeFile } from '../../files.js';
import { percent } from '../../report/text.js';
import { openRunner, type Runner, ranking } from '../../runner.js';
import { readTraceInput, traceNet } from '../../trace.js';
import type { Io } from '../io.js';
import { loadNet } from '../load.js';
import { threadsOption, timeoutOption } from '../plan-options.js';
import { integer, required, usageError, verb } from '../verb.js';

type Options = {
  input?: string;
  top: number;
  trace?: string;
  labels?: string;
  results?: string;
  threads: number;
  timeout: number;
};

export const run = verb<Options>({
  summary: 'run a model on an image, a folder of images or a file of tensors',
  arguments: [['<model>', 'a folder that build wrote, its model.wasm, a Graph or a Net']],
  options: [
    {
      flags: '--input <path>',
      description:
        'a PNG, JPEG or WebP image; a folder of them; or, for a Net, a .safetensors with the tensor input [N, C, H, W]',
    },
    { flags: '--top <n>', description: 'classes to print', parse: integer(1, 1000), default: 5 },
    {
      flags: '--labels <file>',
      description: 'class names, one line each; an ImageNet id may precede the name',
    },
    {
      flags: '--trace <file>',
      description: "of a .safetensors input: write logits and every neuron's spike counts",
    },
    {
      flags: '--results <file>',
      description: 'of a folder: one JSON line per image; a stopped run goes on from it',
    },
    threadsOption('share one image, in a build with --threads; of a folder, each runs whole images'),
    timeoutOption,
  ],
  async run([path], options, io) {
    const input = required(options.input, '--input');
    if (extname(input) === '.safetensors') return { result: await runTensors(path!, input, options, io) };
    if (options.trace)
      throw usageError('--trace needs a .safetensors input', 'give the images as tensor input [N, C, H, W]');
    const folder = await isFolder(input);
    const runner = await openRunner(path!, folder ? 1 : options.threads, options.timeout);
    try {
      const labels = await labelsOf(runner, options.labels, io);
      if (folder) return { result: await runFolder(path!, runner, labels, input, options, io) };
      return { result: await runImage(runner, labels, input, options.top, io) };
    } finally {
      await runner.close?.();
    }
  },
});

/** Names from a file; else the model's own, or ImageNet's where a model of 1,000 classes only has numbers. */
async function labelsOf(runner: Runner, file: string | undefined, io: Io): Promise<Label[]> {
  const count = runner.classes.length;
  if (file) {
    const labels = await readLabels(file);
    if (labels.length !== count)
      throw new SpikeletError(`${file} names ${labels.length} classes, ${runner.name} has ${count}`, {
        hint: 'one line per class, in the order of the logits',
      });
    return labels;
  }
  const unnamed = count === 1000 && runner.classes.every((name, i) => name === String(i));
  const names = unnamed ? await imagenetClasses(io.note) : runner.classes;
  return names.map((name) => ({ name }));
}

async function runImage(runner: Runner, labels: Label[], input: string, top: number, io: Io) {
  const raw = await readNetImage(input, runner.shape);
  const started = performance.now();
  const logits = await runner.logits(raw);
  const milliseconds = performance.now() - started;
  const classes = ranking(logits, top).map((index) => ({
    index,
    class: labels[index]!.name,
    logit: logits[index]!,
  }));
  io.table(
    [{ title: 'class' }, { title: 'logit', right: true }],
    classes.map(({ class: name, logit }) => [name, logit.toFixed(3)]),
  );
  io.print();
  io.print(`${runner.name} (${runner.kind}) on ${input}: ${milliseconds.toFixed(2)} ms, a first run`);
  return { input, kind: runner.kind, class: classes[0]!.class, classes, milliseconds, logits: [...logits] };
}

async function runFolder(
  path: string,
  runner: Runner,
  labels: Label[],
  folder: string,
  options: Options,
  io: Io,
) {
  const files = await listImages(folder, {
    names: labels.map(({ name }) => name),
    ids: labels.map(({ id }) => id),
  });
  const results = options.results ?? resultsPath(runner);
  const bar = io.progress(runner.name);
  const onProgress = (done: number, { top1, labelled }: FolderAccuracy) =>
    bar.update(done, files.length, labelled ? `top-1 ${percent(top1)}` : '');
  const batch = options.threads > 1 ? startBatch(path, options.threads, options.timeout) : undefined;
  const accuracy = await evaluateFolder(runner, files, results, onProgress, batch).finally(() =>
    batch?.close(),
  );
  bar.done();
  io.print(
    `${accuracy.images} images${accuracy.resumed ? `, ${accuracy.resumed} of them from an earlier run` : ''}`,
  );
  if (accuracy.labelled) io.print(`top-1 ${percent(accuracy.top1, 2)}, top-5 ${percent(accuracy.top5, 2)}`);
  else io.print('no labels: the images lie in no folders named after classes');
  io.print(`each image's classes: ${results}`);
  return { folder, results, kind: runner.kind, ...accuracy };
}

async function runTensors(path: string, input: string, options: Options, io: Io) {
  const net = await loadNet(path);
  const images = readTraceInput(await readBytes(input), input);
  const bar = io.progress('images');
  const started = performance.now();
  const trace = traceNet(net, images, (done, total) => bar.update(done, total));
  bar.done();
  const seconds = (performance.now() - started) / 1000;
  if (options.trace) await writeFile(options.trace, writeSafetensors(trace));
  const { shape, data } = trace.get('logits')!;
  const [count, classes] = shape as [number, number];
  const logits = Array.from({ length: count }, (_, n) =>
    Array.from(data.slice(n * classes, (n + 1) * classes), Number),
  );
  const top = logits.map((row) => ranking(row, 1)[0]!);
  io.table(
    [{ title: 'image', right: true }, { title: 'class' }, { title: 'logit', right: true }],
    top.map((index, n) => [String(n), net.classes[index]!, logits[n]![index]!.toFixed(4)]),
  );
  io.print();
  io.print(
    `${count} image(s) in ${seconds.toFixed(2)} s${options.trace ? `; ${trace.size} tensors in ${options.trace}` : ''}`,
  );
  return {
    input,
    kind: 'net',
    images: count,
    top,
    logits,
    seconds,
    ...(options.trace ? { trace: options.trace } : {}),
  };
}
