import { crc32, hex32 } from '../../models/crc32.js';
import { exitCode, SpikeletError } from '../../models/error.js';
import type { ImageFile } from '../data/folder.js';
import { MAX_FILE_BYTES } from '../data/image.js';
import { readNetImage } from '../data/index.js';
import { readBytes } from '../system/files.js';
import { type JsonLines, openLines } from '../system/json-lines.js';
import { jsonText, listed, printable } from '../system/printable.js';
import type { Batch } from './batch.js';
import { type Runner, ranking } from './open-model.js';

/**
 * One image's result, a line of the results file: its best classes, five of them or one (`shownClasses`), and the CRC-32
 * of the model's file and of the image's. Lines of older versions do not have them.
 */
export type ImageResult = {
  path: string;
  label: number | null;
  top: number[];
  model?: string;
  file?: string;
};

/**
 * Fractions of the labelled images; `top5` only if there are more than five classes, as otherwise every image
 * has it.
 */
export type FolderAccuracy = { images: number; labelled: number; top1: number; top5?: number };

/** How many of the best classes are meaningful: five, or one if there are at most five classes. */
const shownClasses = (classes: number): number => (classes > 5 ? 5 : 1);

/** The results file of a model; its name identifies the model, so that two models never mix. */
export const resultsPath = (runner: Runner): string => `results-${hex32(runner.crc)}.jsonl`;

export type EvaluateOptions = {
  onProgress: (done: number, accuracy: FolderAccuracy) => void;
  /** Several threads, each running whole images; results still come in the order of `files`. */
  batch?: Batch | undefined;
  /** Other files that the command reads. */
  inputs?: (string | undefined)[];
  /** Start `results` over if it holds something else. */
  force?: boolean | undefined;
  /** Ends the run after the current image; its reason is the exit code. */
  signal?: AbortSignal;
  /** Called with notes about the results for the user. */
  note?: (line: string) => void;
};

/**
 * Runs every image that `results` does not hold yet and appends its result, so that a run which was stopped goes on
 * where it was; an image that was replaced since is run again. Throws, and leaves `results` as it
 * is, where it holds anything else than results of this very model.
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
      note?.(`${results} has older results that do not name a model; assuming they are from this one`);
    const shown = shownClasses(runner.classes.length);
    const accuracy: FolderAccuracy = { images: 0, labelled: 0, top1: 0, ...(shown > 1 ? { top5: 0 } : {}) };
    const sums = { top1: 0, top5: 0 };
    let resumed = 0;
    const changed = await forgetChanged(known, files, signal);
    if (changed.length)
      note?.(
        `${results} holds results of images that have changed: they are run again, and the last line of each counts: ${listed(changed.map(printable))}`,
      );
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
        const top = ranking(logits, shown);
        result = { path, label: label ?? null, top, model: hex32(runner.crc), file: await crcOfFile(path) };
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

/** CRC-32 of an image's file. */
const crcOfFile = async (path: string): Promise<string> =>
  hex32(crc32(await readBytes(path, MAX_FILE_BYTES)));

/** Forgets the results of images whose files are others by now; returns their paths. */
async function forgetChanged(
  known: Map<string, ImageResult>,
  files: ImageFile[],
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const changed: string[] = [];
  for (const { path } of files) {
    const file = known.get(path)?.file;
    if (file === undefined || signal?.aborted) continue;
    // What cannot be read is run, which says why.
    if (file === (await crcOfFile(path).catch(() => undefined))) continue;
    known.delete(path);
    changed.push(path);
  }
  return changed;
}

const stopped = (signal: AbortSignal, [done, all]: [number, number], results: string): SpikeletError =>
  new SpikeletError(`stopped; ${done} of ${all} images are in ${results}`, {
    hint: 'run the same command again to continue',
    code: typeof signal.reason === 'number' ? signal.reason : exitCode.interrupted,
  });

/** Results of `job` for the items, in order; up to `ahead` items run at once. */
async function* inOrder<T, R>(
  items: T[],
  ahead: number,
  job: (item: T) => Promise<R>,
): AsyncGenerator<R, void> {
  const begun: Promise<R>[] = [];
  for (let next = 0; next < items.length || begun.length; ) {
    for (; next < items.length && begun.length < ahead; next++) {
      const promise = job(items[next]!);
      // A failure is reported when its turn comes, not as an unhandled rejection.
      promise.catch(() => {});
      begun.push(promise);
    }
    yield await begun.shift()!;
  }
}

/** Opens the results file and fills `known` with its results. */
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

const lineOf = ({ path, label, top, ...crcs }: ImageResult): string =>
  `${headOf(path, label)},${jsonText(top.length > 1 ? { top5: top, ...crcs } : { top1: top[0], ...crcs }).slice(1)}`;

/** Whether a text is the start of this image's result line. */
function startsResult({ path, label }: ImageFile, text: string): boolean {
  const head = `${headOf(path, label ?? null)},"top`;
  return text.length <= head.length
    ? head.startsWith(text)
    : text.startsWith(head) && text.length < head.length + 100;
}

function parseResult(line: string, classes: number): ImageResult | undefined {
  try {
    const { path, label, top5, top1, model, file } = JSON.parse(line) as Record<string, unknown>;
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
      [model, file].every((crc) => crc === undefined || typeof crc === 'string');
    if (!whole) return undefined;
    const crcs = Object.entries({ model, file }).filter(([, crc]) => crc !== undefined);
    return { path, label, top, ...Object.fromEntries(crcs) };
  } catch {
    return undefined;
  }
}
