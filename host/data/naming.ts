import { createHash } from 'node:crypto';
import { SpikeletError } from '../../models/error.js';
import { printable } from '../system/printable.js';
import { usageError } from '../system/usage.js';
import type { Part } from './split.js';

/** What a file's path says of it: its class, whose recording it is, and the part that its data set puts it into. */
export type Named = { label: string; group?: string; part?: Part };

/** Reads class, group and part from a path relative to the data's folder, separated by '/'; undefined if it cannot. */
export type Naming = (path: string) => Named | undefined;

const PARTS: Record<string, Part> = {
  train: 'train',
  training: 'train',
  val: 'val',
  valid: 'val',
  validation: 'val',
  dev: 'val',
  test: 'test',
  testing: 'test',
};

/** cat/1.png, or train/cat/1.png: the folder is the class, and one above it may be the part. */
export function byFolders(path: string): Named | undefined {
  const folders = path.split('/').slice(0, -1);
  const [first, second] = folders;
  if (first === undefined) return undefined;
  const part = Object.hasOwn(PARTS, first.toLowerCase()) ? PARTS[first.toLowerCase()] : undefined;
  if (part === undefined) return { label: first };
  return second === undefined ? undefined : { label: second, part };
}

/** Free Spoken Digit Dataset: 3_jackson_7.wav is take 7 of a 3 by jackson; takes 0 to 4 are the customary test set. */
export function fsdd(path: string): Named | undefined {
  const [, label, group, take] = /(?:^|\/)(\d)_([a-z]+)_(\d{1,4})\.wav$/i.exec(path) ?? [];
  if (label === undefined || group === undefined) return undefined;
  return { label, group, part: Number(take) < 5 ? 'test' : 'train' };
}

/** 2^27 - 1, by which the data set's own rule divides. */
const MAX_IN_CLASS = 2 ** 27 - 1;

/**
 * Speech Commands: yes/0a7c2a8d_nohash_0.wav is a "yes" of speaker 0a7c2a8d. Its own rule puts 10 of 100 speakers into
 * val and 10 into test: SHA-1 of the name up to _nohash_, modulo 2^27. Noise to be mixed in has no class.
 */
export function speechCommands(path: string): Named | undefined {
  const [label, file, ...more] = path.split('/').slice(-2);
  if (label === undefined || file === undefined || more.length || label.startsWith('_background_'))
    return undefined;
  const [, speaker] = /^(.+?)_nohash_\d{1,4}\.wav$/.exec(file) ?? [];
  // Without the mark the ending stays in.
  const hashed = createHash('sha1')
    .update(speaker ?? file)
    .digest('hex');
  const percent = ((Number.parseInt(hashed.slice(-7), 16) & MAX_IN_CLASS) * 100) / MAX_IN_CLASS;
  const part = percent < 10 ? 'val' : percent < 20 ? 'test' : 'train';
  return { label, part, ...(speaker === undefined ? {} : { group: speaker }) };
}

/** Namings by the word that `pattern=` takes. */
export const namings: Record<string, Naming> = {
  folders: byFolders,
  fsdd,
  'speech-commands': speechCommands,
};

/**
 * The naming of `pattern=`: one of `namings`, or a regular expression with named groups label, and where they are wanted
 * group and part (train, val, test).
 */
export function parseNaming(text: string): Naming {
  if (Object.hasOwn(namings, text)) return namings[text]!;
  const hint = `pattern= takes ${Object.keys(namings).join(', ')}, or a regular expression: (?<label>\\d)_(?<group>[a-z]+)_`;
  const bad = (why: string) => usageError(`pattern=${printable(text)}: ${why}`, hint);
  if (!text.includes('(?<label>')) throw bad('it lacks a named group (?<label>...)');
  let pattern: RegExp;
  try {
    pattern = new RegExp(text, 'u');
  } catch (cause) {
    throw bad(printable((cause as Error).message));
  }
  return (path) => {
    const { label, group, part } = pattern.exec(path)?.groups ?? {};
    if (!label) return undefined;
    const known =
      part !== undefined && Object.hasOwn(PARTS, part.toLowerCase()) ? PARTS[part.toLowerCase()] : undefined;
    if (part && !known)
      throw bad(`'${printable(part)}' of ${printable(path)} is not a part: expected train, val or test`);
    return { label, ...(group ? { group } : {}), ...(known ? { part: known } : {}) };
  };
}

/** Applies a naming to every path. Throws if it cannot read some, with their number and the first of them. */
export function nameFiles(paths: readonly string[], naming: Naming): Named[] {
  const named = paths.map(naming);
  const first = named.indexOf(undefined);
  if (first < 0) return named as Named[];
  const count = named.filter((one) => one === undefined).length;
  throw new SpikeletError(
    `the names of ${count} of ${paths.length} files do not give a class; the first is ${printable(paths[first]!)}`,
    {
      hint: `put the files of each class into a folder, or say how they are named: pattern=${Object.keys(namings).join(', ')} or a regular expression`,
    },
  );
}
