import { createHash } from 'node:crypto';
import { SpikeletError } from '../../models/error.js';
import { printable } from '../system/printable.js';
import { usageError } from '../system/usage.js';

export type Part = 'train' | 'val' | 'test';

export type SplitOptions = {
  /** Shares of train, val and test, of 100. */
  shares: Record<Part, number>;
  /** Files for which this captures the same text (without a capture: matches) stay in one part. */
  group?: RegExp;
  /** The class of each file, so that each part gets its share of each class; not where files are in groups. */
  labels?: readonly (string | number)[];
  seed?: number;
};

const USAGE = 'split=80/10/10 for train/val/test, or split=80/20 for train/test: they add up to 100';

/** Shares of `80/10/10`, or of `80/20` without val. */
export function parseShares(text: string): Record<Part, number> {
  const numbers = /^\d{1,3}(\/\d{1,3}){1,2}$/.test(text) ? text.split('/').map(Number) : [];
  if (numbers.reduce((a, b) => a + b, 0) !== 100)
    throw usageError(`split=${printable(text)} is not a split`, USAGE);
  const [train = 0, middle = 0, last] = numbers;
  const shares = { train, val: last === undefined ? 0 : middle, test: last ?? middle };
  if (!shares.train || !shares.test)
    throw usageError(`split=${text} leaves ${shares.train ? 'test' : 'train'} empty`, USAGE);
  return shares;
}

/** The regular expression of `group=`. */
export function parseGroup(text: string): RegExp {
  try {
    return new RegExp(text, 'u');
  } catch (cause) {
    throw usageError(
      `group=${printable(text)}: ${printable((cause as Error).message)}`,
      'group= takes a regular expression',
    );
  }
}

/** A number of 48 bits that depends on seed and text alone. */
const rank = (seed: number, text: string): number =>
  createHash('sha256').update(`${seed} ${text}`).digest().readUIntBE(0, 6);

type Unit = { key: string; label: string; rank: number; files: number[] };

/**
 * The part of each file. It follows from seed and names, not from the order in which they are listed; files of a group are
 * in one part. Parts are filled evenly: one unit (a group, or a file) after the other goes to the part that lacks most of
 * its share so far, files class by class.
 * @param names of the files, relative to their folder, with '/' in them.
 * @throws SpikeletError where a name has no group, or where there are fewer units than parts.
 */
export function splitOf(names: readonly string[], { shares, group, labels, seed = 1 }: SplitOptions): Part[] {
  const parts = (['train', 'val', 'test'] as const).filter((part) => shares[part] > 0);
  const units = unitsOf(names, group, labels, seed);
  if (units.length < parts.length)
    throw new SpikeletError(
      `${units.length} ${group ? 'groups' : 'files'} cannot make ${parts.length} parts: ${parts.join(', ')}`,
      { hint: group ? `group=${group.source} should tell more of them apart` : 'add files' },
    );
  const total = parts.reduce((sum, part) => sum + shares[part], 0);
  const given = new Map<Part, number>(parts.map((part) => [part, 0]));
  const result = new Array<Part>(names.length);
  let seen = 0;
  for (const [i, { files }] of units.entries()) {
    seen += files.length;
    const empty = parts.filter((part) => !given.get(part));
    // As many are left as parts are empty: each gets one.
    const open = units.length - i <= empty.length ? empty : parts;
    const lacks = (part: Part) => (seen * shares[part]) / total - given.get(part)!;
    const chosen = open.reduce((best, part) => (lacks(part) > lacks(best) ? part : best));
    given.set(chosen, given.get(chosen)! + files.length);
    for (const file of files) result[file] = chosen;
  }
  return result;
}

function unitsOf(
  names: readonly string[],
  group: RegExp | undefined,
  labels: SplitOptions['labels'],
  seed: number,
): Unit[] {
  const units = new Map<string, Unit>();
  for (const [i, name] of names.entries()) {
    const key = (group ? groupOf(name, group) : name).normalize('NFC');
    const unit = units.get(key);
    if (unit) unit.files.push(i);
    else {
      const label = group ? '' : String(labels?.[i] ?? '');
      units.set(key, { key, label, rank: rank(seed, key), files: [i] });
    }
  }
  const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  return [...units.values()].sort(
    (a, b) => byText(a.label, b.label) || a.rank - b.rank || byText(a.key, b.key),
  );
}

/** What `group` finds in a name. */
export function groupOf(name: string, group: RegExp): string {
  const found = group.exec(name);
  const key = found?.[1] ?? found?.[0];
  if (!key)
    throw usageError(
      `group=${printable(group.source)} finds nothing in '${printable(name)}'`,
      'it has to match every file: put what is common to a group in brackets, as in group=_([a-z]+)_',
    );
  return key;
}
