import { extname } from 'node:path';
import { rawImage } from '../../../models/dataset.js';
import { SpikeletError } from '../../../models/error.js';
import { writeSafetensors } from '../../../models/safetensors.js';
import { loadNet } from '../../api/load.js';
import { requireFits } from '../../data/fits.js';
import { listImages } from '../../data/folder.js';
import { type Looks, loadDataset, readNetImage, usages } from '../../data/index.js';
import { imagenetClasses, type Label, readLabels } from '../../data/labels.js';
import { percent } from '../../report/text.js';
import { startBatch } from '../../run/batch.js';
import { evaluateFolder, type FolderAccuracy, resultsPath } from '../../run/evaluate-folder.js';
import { moduleOf, openRunner, type Runner, ranking } from '../../run/open-model.js';
import { readTraceInput, traceNet } from '../../run/trace-net.js';
import { isFolder, readBytes } from '../../system/files.js';
import { formatOf, output } from '../../system/output.js';
import { interruptible } from '../interrupt.js';
import type { Io } from '../io.js';
import { threadsOption, timeoutOption } from '../plan-options.js';
import { forceOption, integer, oneOf, usageError, verb } from '../verb.js';

type Options = {
  input?: string;
  data?: string;
  sample?: number;
  split: (typeof splits)[number];
  top: number;
  trace?: string;
  labels?: string;
  results?: string;
  threads: number;
  timeout: number;
  force?: boolean;
};

const splits = ['test', 'train'] as const;

/** Flags that only apply to one kind of input. */
const ofFolders = ['results'] as const;
const ofTensors = ['trace'] as const;

export const run = verb<Options>({
  summary: 'run a model on an image, a folder of images or a file of tensors',
  configured: true,
  arguments: [['<model>', 'a folder that build wrote, its model.wasm, a Graph or a Net']],
  options: [
    {
      flags: '--input <path>',
      description:
        'a PNG, JPEG or WebP image; a folder of them; or, for a Net, a .safetensors with the tensor input [N, C, H, W]',
      unless: 'data',
    },
    {
      flags: '--data <spec>',
      description: `instead of --input, a sample of a data set: ${usages()}`,
      unless: 'input',
    },
    {
      flags: '--sample <n>',
      description: 'of --data: which, counted from 0 (default: 0)',
      parse: integer(0, 10_000_000),
    },
    {
      flags: '--split <name>',
      description: 'of --data: test or train',
      parse: oneOf(splits),
      default: 'test' as const,
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
    forceOption,
  ],
  async run([path], options, io) {
    if (options.data !== undefined) return { result: await runSample(path!, options.data, options, io) };
    if (options.sample !== undefined)
      throw usageError('--sample is of --data', 'add --data, or omit --sample');
    if (options.input === undefined)
      throw usageError('an input is needed', 'give --input PATH, or --data SPEC with --sample N');
    const { input } = options;
    if (extname(input) === '.safetensors') {
      refuse(options, ofFolders, 'a .safetensors input', 'give a folder of images');
      return { result: await runTensors(path!, input, options, io) };
    }
    if (options.trace)
      throw usageError('--trace needs a .safetensors input', 'give the images as tensor input [N, C, H, W]');
    const folder = await isFolder(input);
    if (!folder) refuse(options, ofFolders, 'one image', 'give a folder of images');
    const runner = await openRunner(path!, folder ? 1 : options.threads, options.timeout);
    return {
      result: await closing(runner, async () => {
        const labels = await labelsOf(runner, options.labels, io);
        if (folder) return runFolder(path!, runner, labels, input, options, io);
        const raw = await readNetImage(input, runner.shape);
        return runImage(runner, labels, { input, raw }, options.top, io);
      }),
    };
  },
});

/** Throws if a flag is given that does not apply to an input of kind `what`. */
function refuse(options: Options, keys: readonly ('results' | 'trace')[], what: string, hint: string): void {
  const key = keys.find((each) => options[each] !== undefined);
  if (key) throw usageError(`--${key} is not for ${what}`, `omit --${key}, or ${hint}`);
}

/** Runs `use`, then ends the model's threads, even if it throws. */
async function closing<T>(runner: Runner, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } finally {
    await runner.close?.();
  }
}

/** Runs one image of a data set and shows its label. */
async function runSample(path: string, spec: string, options: Options, io: Io) {
  const { sample = 0, split: name } = options;
  if (options.input !== undefined) throw usageError('--data and --input are two inputs', 'give one of them');
  refuse(options, [...ofFolders, ...ofTensors], '--data', 'give --input');
  if (/^images\b/.test(spec))
    throw usageError('a folder of images has no samples by number', 'name the image with --input');
  const runner = await openRunner(path, options.threads, options.timeout);
  return closing(runner, async () => {
    const labels = await labelsOf(runner, options.labels, io);
    const fits = (data: Looks) => requireFits(path, runner, data);
    const { input } = runner;
    const data = await loadDataset(spec, { log: io.note, fits, ...(input ? { input } : {}) });
    if (data.frontEnd && !input)
      io.note('a module does not say the settings of its front end: --data must have those of its training');
    const split = data[name];
    if (sample >= split.count)
      throw usageError(
        `${data.name} has ${split.count} ${name} images, so there is no sample ${sample}`,
        `give --sample 0..${split.count - 1}`,
      );
    const raw = rawImage(split, runner.shape, sample);
    const label = data.unlabelled ? null : split.labels[sample]!;
    const shown = `${name} image ${sample} of ${data.name}`;
    const result = await runImage(runner, labels, { input: shown, raw }, options.top, io);
    if (label !== null) io.print(`label: ${data.classes[label]!}; the model says ${result.class}`);
    return {
      ...result,
      data: spec,
      split: name,
      sample,
      label,
      labelName: label === null ? null : data.classes[label]!,
    };
  });
}

/**
 * Class names from a file, or the model's own; for a model with 1,000 classes that are only numbered,
 * ImageNet's.
 */
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

async function runImage(
  runner: Runner,
  labels: Label[],
  { input, raw }: { input: string; raw: Uint8Array },
  top: number,
  io: Io,
) {
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
  const { files, contents } = await listImages(folder, {
    names: labels.map(({ name }) => name),
    ids: labels.map(({ id }) => id),
  });
  io.note(`${folder}: ${contents.summary}`);
  const results = options.results ?? resultsPath(runner);
  const bar = io.progress(runner.name);
  const onProgress = (done: number, { top1, labelled }: FolderAccuracy) =>
    bar.update(done, files.length, labelled ? `top-1 ${percent(top1)}` : '');
  const inputs = [await moduleOf(path), options.labels];
  const batch = options.threads > 1 ? startBatch(path, options.threads, options.timeout) : undefined;
  const accuracy = await interruptible((signal) =>
    evaluateFolder(runner, files, results, {
      onProgress,
      batch,
      inputs,
      force: options.force,
      signal,
      note: io.note,
    }),
  ).finally(() => {
    bar.done();
    return batch?.close();
  });
  io.print(
    `${accuracy.images} images${accuracy.resumed ? `, ${accuracy.resumed} of them from an earlier run` : ''}`,
  );
  const { top5 } = accuracy;
  if (accuracy.labelled)
    io.print(`top-1 ${percent(accuracy.top1, 2)}${top5 === undefined ? '' : `, top-5 ${percent(top5, 2)}`}`);
  else io.print('no labels: the images lie in no folders named after classes');
  io.print(`each image's classes: ${results}`);
  return { folder, results, kind: runner.kind, ...accuracy, source: contents };
}

async function runTensors(path: string, input: string, options: Options, io: Io) {
  const net = await loadNet(path);
  const { trace: out, force } = options;
  const write =
    out === undefined ? undefined : await output(out, { kind: 'trace', inputs: [path, input], force });
  const images = readTraceInput(await readBytes(input), input);
  const bar = io.progress('images');
  const started = performance.now();
  const trace = traceNet(net, images, (done, total) => bar.update(done, total));
  bar.done();
  const seconds = (performance.now() - started) / 1000;
  await write?.(writeSafetensors(trace, { format: formatOf('trace') }));
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
