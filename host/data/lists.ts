import { SpikeletError } from '../../models/error.js';
import { listed, printable } from '../system/printable.js';
import { refusalOf } from '../system/refusal.js';

/** A line of a list of files: which file, and its class where the list says it. */
export type Listed = { file: string; label?: string };

const MAX_LINES = 2_000_000;

/**
 * Lists of files, a line each: a path, or a name and a class with blanks, a tab or a comma between them (N-MNIST's
 * train1K.txt, Speech Commands' testing_list.txt). Lines that begin with # are passed over.
 * @throws SpikeletError naming the line.
 */
export function parseList(bytes: Uint8Array, name: string): Listed[] {
  const refuse = refusalOf(name);
  const text = new TextDecoder().decode(bytes);
  if (text.includes('\0')) return refuse('it is not text', 'expected a file a line, or a file and its class');
  const entries: Listed[] = [];
  for (const [i, line] of text.split(/\r\n|\r|\n/).entries()) {
    const trimmed = line.trim();
    if (!trimmed || trimmed.startsWith('#')) continue;
    if (entries.length === MAX_LINES)
      return refuse(`it has more than ${MAX_LINES} lines`, 'is it a list of files?');
    const [file = '', label, ...more] = trimmed.split(/\s*[,\t]\s*|\s+/);
    if (more.length || !file || label === '' || trimmed.length > 5000)
      return refuse(
        `line ${i + 1}: '${printable(trimmed)}'`,
        'expected a file a line, or a file and its class',
      );
    entries.push({ file, ...(label === undefined ? {} : { label }) });
  }
  return entries.length
    ? entries
    : refuse('it lists no files', 'expected a file a line, or a file and its class');
}

/**
 * The places in `files` of what a list names: by its path below the data's folder, or where no path fits by its name without
 * folder and ending (60001 is 60001.bs2).
 * @throws SpikeletError for files that are not there (the first ten), for a name of several files, and for one listed twice.
 */
export function findListed(entries: readonly Listed[], files: readonly string[], name: string): number[] {
  const byPath = new Map(files.map((file, i) => [file, i]));
  const byStem = new Map<string, number[]>();
  for (const [i, file] of files.entries()) {
    const stem = file.slice(file.lastIndexOf('/') + 1).replace(/\.[^.]*$/, '');
    const same = byStem.get(stem);
    if (same) same.push(i);
    else byStem.set(stem, [i]);
  }
  const refuse = refusalOf(name);
  const missing: string[] = [];
  const taken = new Set<number>();
  const places = entries.map(({ file }) => {
    const [place, other] = byPath.has(file) ? [byPath.get(file)!] : (byStem.get(file) ?? []);
    if (place === undefined) missing.push(file);
    else if (other !== undefined)
      refuse(
        `'${printable(file)}' is ${printable(files[place]!)} and ${printable(files[other]!)}`,
        'list paths',
      );
    else if (taken.has(place))
      refuse(`it lists ${printable(files[place]!)} twice`, 'remove one of the lines');
    else taken.add(place);
    return place ?? -1;
  });
  if (missing.length)
    throw new SpikeletError(
      `${name}: ${missing.length} of its ${entries.length} files are not there: ${listed(missing.slice(0, 10).map(printable))}`,
      { hint: 'paths are relative to the folder of the data' },
    );
  return places;
}
