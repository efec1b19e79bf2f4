import { hex32 } from '../../models/crc32.js';
import { exitCode, SpikeletError } from '../../models/error.js';
import type { ImageFile } from '../data/folder.js';
import { readNetImage } from '../data/index.js';
import { type JsonLines, openLines } from '../system/json-lines.js';
import { jsonText } from '../system/printable.js';
import type { Batch } from './batch.js';
import { type Runner, ranking } from './open-model.js';

/**
 * One image's result, a line of the results file: its best classes, five of them or one (`shownClasses`), and the CRC-32
 * of the model's file. Lines of older versions do not name the model.
 */
export type ImageResult = { path: string; label: number | null; top: number[]; model?: string };

/** Shares of the labelled images; `top5` only where there are more than five classes, else every image has it. */
export type FolderAccuracy = { images: number; labelled: number; top1: number; top5?: number };

/** How many of the best classes mean anything: five, or one where there are five or fewer. */
const shownClasses = (classes: number): number => (classes > 5 ? 5 : 1);

/** The results file of a model: its name tells the model, so that two models never mix. */
export const resultsPath = (runner: Runner): string => `results-${hex32(runner.crc)}.jsonl`;

export type EvaluateOptions = {
  onProgress: (done: number, accuracy: FolderAccuracy) => void;
  /** Several threads, which run whole images; their results come in the order of `files` all the same. */
  batch?: Batch | undefined;
  /** Files that the command reads besides the images. */
  inputs?: (string | undefined)[];
  /** Begin `results` again where it holds something else. */
  force?: boolean | undefined;
  /** Ends the run after the image that it is at; its reason is the exit code. */
  signal?: AbortSignal;
  /** Told what a person should know of the results. */
  note?: (line: string) => void;
};

/**
 * Runs every image that `results` does not hold yet and appends its result, so that a run which was stopped goes on
 * where it was. Throws, and leaves `results` as it is, where it holds anything else than results of this very model.
 * Returns the shares of labelled images whose label is first, or among the first five.
 */
export async function evaluateFolder(
  runner: Runner,
  files: ImageFile[],
  results: string,
  { onProgress, batch, signal, note, ...rule }: EvaluateOptions,
): Promise<FolderAccuracy & { resumed: number }> {
  const known = new Map<string, ImageResult>();
  const lines = await openResults(runner, files, results, known, rule);
  try {
    if ([...known.values()].some(({ model }) => model === undefined) && !results.includes(hex32(runner.crc)))
      note?.(`${results} does not say of which model its older results are: they are taken for this one's`);
    const shown = shownClasses(runner.classes.length);
    const accuracy: FolderAccuracy = { images: 0, labelled: 0, top1: 0, ...(shown > 1 ? { top5: 0 } : {}) };
    const sums = { top1: 0, top5: 0 };
    let resumed = 0;
    const knownOf = ({ path, label }: ImageFile) => {
      const result = known.get(path);
      return result && result.label === (label ?? null) ? result : undefined;
    };
    const run = async (path: string) => runner.logits(await readNetImage(path, runner.shape));
    const computed = inOrder(
      files.filter((file) => !knownOf(file)),
      batch ? 2 * batch.threads : 1,
      ({ path }) => (batch ? batch.logits(path) : run(path)),
    );
    for (const file of files) {
      const { path, label } = file;
      let result = knownOf(file);
      if (result) resumed++;
      else {
        if (signal?.aborted) throw stopped(signal, [accuracy.images, files.length], results);
        const logits = (await computed.next()).value!;
        result = { path, label: label ?? null, top: ranking(logits, shown), model: hex32(runner.crc) };
        await lines.append(lineOf(result));
      }
      accuracy.images++;
      if (result.label !== null) {
        accuracy.labelled++;
        if (result.top[0] === result.label) sums.top1++;
        if (result.top.includes(result.label)) sums.top5++;
        accuracy.top1 = sums.top1 / accuracy.labelled;
        if (shown > 1) accuracy.top5 = sums.top5 / accuracy.labelled;
      }
      onProgress(accuracy.images, accuracy);
    }
    return { ...accuracy, resumed };
  } finally {
    await lines.close();
  }
}

const stopped = (signal: AbortSignal, [done, all]: [number, number], results: string): SpikeletError =>
  new SpikeletError(`stopped; ${done} of ${all} images are in ${results}`, {
    hint: 'the same command goes on from there',
    code: typeof signal.reason === 'number' ? signal.reason : exitCode.interrupted,
  });

/** What `job` makes of the items, in their order; `ahead` of them are worked on at a time. */
async function* inOrder<T, R>(
  items: T[],
  ahead: number,
  job: (item: T) => Promise<R>,
): AsyncGenerator<R, void> {
  const begun: Promise<R>[] = [];
  for (let next = 0; next < items.length || begun.length; ) {
    for (; next < items.length && begun.length < ahead; next++) {
      const promise = job(items[next]!);
      // It fails when its turn comes, and not as a failure that nobody looks at.
      promise.catch(() => {});
      begun.push(promise);
    }
    yield await begun.shift()!;
  }
}

/** Opens the results file and fills `known` with what is in it. */
async function openResults(
  runner: Runner,
  files: ImageFile[],
  results: string,
  known: Map<string, ImageResult>,
  rule: Pick<EvaluateOptions, 'inputs' | 'force'>,
): Promise<JsonLines> {
  const [model, classes] = [hex32(runner.crc), runner.classes.length];
  const lines = await openLines(results, {
    ...rule,
    what: 'the results',
    flag: '--results',
    take(line) {
      const result = parseResult(line, classes);
      if (!result || (result.model ?? model) !== model) return false;
      known.set(result.path, result);
      return true;
    },
    isStart: (text) => files.some((file) => startsResult(file, text)),
  });
  if (lines.restarted) known.clear();
  return lines;
}

const headOf = (path: string, label: number | null): string => jsonText({ path, label }).slice(0, -1);

const lineOf = ({ path, label, top, model }: ImageResult): string =>
  `${headOf(path, label)},${jsonText(top.length > 1 ? { top5: top, model } : { top1: top[0], model }).slice(1)}`;

/** Whether a text is the start of the line of this image's result. */
function startsResult({ path, label }: ImageFile, text: string): boolean {
  const head = `${headOf(path, label ?? null)},"top`;
  return text.length <= head.length
    ? head.startsWith(text)
    : text.startsWith(head) && text.length < head.length + 100;
}

function parseResult(line: string, classes: number): ImageResult | undefined {
  try {
    const { path, label, top5, top1, model } = JSON.parse(line) as Record<string, unknown>;
    const isClass = (value: unknown): value is number =>
      Number.isInteger(value) && (value as number) >= 0 && (value as number) < classes;
    const top = top5 ?? [top1];
    const whole =
      typeof path === 'string' &&
      (label === null || isClass(label)) &&
      Array.isArray(top) &&
      (top.length === 1 || top.length === Math.min(5, classes)) &&
      new Set(top).size === top.length &&
      top.every(isClass) &&
      (model === undefined || typeof model === 'string');
    return whole ? { path, label, top, ...(model === undefined ? {} : { model }) } : undefined;
  } catch {
    return undefined;
  }
}
