import { existsSync } from 'node:fs';
import { appendFile, truncate } from 'node:fs/promises';
import { hex32 } from '../models/crc32.js';
import { SpikeletError } from '../models/error.js';
import type { Batch } from './batch.js';
import type { ImageFile } from './data/folder.js';
import { readNetImage } from './data/index.js';
import { readBytes } from './files.js';
import { type Runner, ranking } from './runner.js';

/** One image's result, a line of the results file. */
export type ImageResult = { path: string; label: number | null; top5: number[] };

export type FolderAccuracy = { images: number; labelled: number; top1: number; top5: number };

/** The results file of a model: its name tells the model, so that two models never mix. */
export const resultsPath = (runner: Runner): string => `results-${hex32(runner.crc)}.jsonl`;

/**
 * Runs every image that `results` does not hold yet and appends its result, so that a run which was stopped goes on
 * where it was. With a `batch` several run at a time; their results come in the order of `files` all the same. Returns the shares of labelled images whose label is first, or among the first five.
 */
export async function evaluateFolder(
  runner: Runner,
  files: ImageFile[],
  results: string,
  onProgress: (done: number, accuracy: FolderAccuracy) => void,
  batch?: Batch,
): Promise<FolderAccuracy & { resumed: number }> {
  const known = existsSync(results)
    ? await readResults(results, runner.classes.length)
    : new Map<string, ImageResult>();
  const accuracy: FolderAccuracy = { images: 0, labelled: 0, top1: 0, top5: 0 };
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
      const logits = (await computed.next()).value!;
      result = { path, label: label ?? null, top5: ranking(logits, 5) };
      await appendFile(results, `${JSON.stringify(result)}\n`);
    }
    accuracy.images++;
    if (result.label !== null) {
      accuracy.labelled++;
      if (result.top5[0] === result.label) sums.top1++;
      if (result.top5.includes(result.label)) sums.top5++;
      accuracy.top1 = sums.top1 / accuracy.labelled;
      accuracy.top5 = sums.top5 / accuracy.labelled;
    }
    onProgress(accuracy.images, accuracy);
  }
  return { ...accuracy, resumed };
}

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

async function readResults(path: string, classes: number): Promise<Map<string, ImageResult>> {
  const results = new Map<string, ImageResult>();
  const bytes = await readBytes(path);
  // A stop in the middle of a line leaves a last line without end: it goes, and that image runs again.
  const whole = bytes.lastIndexOf(10) + 1;
  if (whole < bytes.length) await truncate(path, whole);
  const lines = new TextDecoder().decode(bytes.subarray(0, whole)).split('\n').slice(0, -1);
  for (const [i, line] of lines.entries()) {
    const result = parseResult(line, classes);
    if (!result)
      throw new SpikeletError(`${path}, line ${i + 1} is no result of this model`, {
        hint: 'remove the file to begin anew, or name another with --results',
      });
    results.set(result.path, result);
  }
  return results;
}

function parseResult(line: string, classes: number): ImageResult | undefined {
  try {
    const { path, label, top5 } = JSON.parse(line) as Partial<ImageResult>;
    const isClass = (value: unknown) =>
      Number.isInteger(value) && (value as number) >= 0 && (value as number) < classes;
    const whole =
      typeof path === 'string' &&
      (label === null || isClass(label)) &&
      Array.isArray(top5) &&
      top5.every(isClass);
    return whole ? { path, label: label!, top5 } : undefined;
  } catch {
    return undefined;
  }
}
