import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { SpikeletError } from '../../models/index.js';
import { isFolder, reasonOf } from '../system/files.js';
import { listed, printable } from '../system/printable.js';

/** The four files of an IDX folder; each may be gzipped, with or without `.gz` in its name. */
export const idxFiles = {
  trainImages: 'train-images-idx3-ubyte',
  trainLabels: 'train-labels-idx1-ubyte',
  testImages: 't10k-images-idx3-ubyte',
  testLabels: 't10k-labels-idx1-ubyte',
} as const;

export type IdxRole = keyof typeof idxFiles;

const roles = Object.keys(idxFiles) as IdxRole[];

/**
 * How the files are named: [SET-](train|t10k|test)-(images|labels)[-idxN[-TYPE]][.gz], with a dash, a dot, a
 * space or an underscore between the words: train-images.idx3-ubyte,
 * emnist-letters-test-labels-idx1-ubyte.gz, my-test-images.idx.
 */
const NAME =
  /^(?:(?<set>.*[^-_. ])[-_. ])?(?<part>train|t10k|test)[-_. ](?<kind>images|labels)(?<idx>[-_. ]idx\d?(?:[-_. ](?:ubyte|byte|short|int|float|double))?)?(?<gz>\.gz)?$/i;

/**
 * The files of one data set: the prefix of their names (`emnist-letters`), '' if there is none, and their
 * paths.
 */
export type IdxPaths = { set: string; paths: Record<IdxRole, string> };

type Candidate = { file: string; set: string; role: IdxRole; gzipped: boolean; isFolder: boolean };

function candidate(entry: Dirent): Candidate[] {
  const file = entry.name;
  const groups = NAME.exec(file)?.groups;
  if (!groups || file.startsWith('.')) return [];
  // A folder 'train-images' says nothing of IDX.
  if (groups['idx'] === undefined && entry.isDirectory()) return [];
  const part = groups['part']!.toLowerCase() === 'train' ? 'train' : 'test';
  const kind = groups['kind']!.toLowerCase() === 'images' ? 'Images' : 'Labels';
  const set = (groups['set'] ?? '').toLowerCase();
  const gzipped = groups['gz'] !== undefined;
  return [{ file, set, role: `${part}${kind}`, gzipped, isFolder: entry.isDirectory() }];
}

/**
 * Finds the four files of the data set in `folder`. If the folder holds several data sets, `folder` may name
 * one of them by its common prefix: data/emnist-letters for data/emnist-letters-train-images-idx3-ubyte.gz
 * and the others. If a file exists both plain and as .gz, the plain one is read.
 * @param log told which file is read if there are two.
 * @throws SpikeletError listing the folder's contents, if a file is missing or more than one could be meant.
 */
export async function findIdxFiles(
  folder: string,
  log: (line: string) => void = () => {},
): Promise<IdxPaths> {
  const inside = await isFolder(folder);
  const wanted = inside ? undefined : basename(folder).toLowerCase();
  const parent = inside ? folder : dirname(folder);
  const entries = await list(parent, folder);
  const all = entries.flatMap(candidate);
  const sets = [...new Set(all.map(({ set }) => set))].sort();
  const complete = sets.filter((set) =>
    roles.every((role) => all.some((c) => c.set === set && c.role === role)),
  );
  const chosen =
    wanted === undefined ? (complete.length ? complete : sets) : sets.filter((set) => set === wanted);
  if (chosen.length > 1)
    throw new SpikeletError(
      `${folder} holds ${chosen.length} data sets: ${listed(chosen.map((set) => printable(set || 'train-..., t10k-...')))}`,
      { hint: `name one of them: idx=${join(folder, printable(chosen.find((set) => set)!))}` },
    );
  const [set = ''] = chosen;
  const found = all.filter((one) => one.set === set && (wanted === undefined || chosen.length));
  const contents = inside || chosen.length ? contentsOf(entries.map(({ name }) => name)) : 'no such folder';
  return { set, paths: pathsOf(folder, parent, contents, found, log) };
}

async function list(parent: string, folder: string): Promise<Dirent[]> {
  try {
    const entries = await readdir(parent, { withFileTypes: true });
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (cause) {
    throw new SpikeletError(`cannot read the folder ${folder}: ${reasonOf(cause)}`, {
      hint: 'check the path',
      cause,
    });
  }
}

function pathsOf(
  folder: string,
  parent: string,
  contents: string,
  found: Candidate[],
  log: (line: string) => void,
): Record<IdxRole, string> {
  const paths = roles.map((role): [IdxRole, string] => {
    // Some archives unpack each file into a folder of the same name, next to the file under a slightly
    // different name.
    const same = found.filter((one) => one.role === role);
    const files = same.filter(({ isFolder }) => !isFolder);
    const [first, ...others] = (files.length ? files : same).sort((a, b) => +a.gzipped - +b.gzipped);
    if (!first)
      throw new SpikeletError(`${folder} holds no ${idxFiles[role]}[.gz]; ${contents}`, {
        hint: `an IDX folder holds ${Object.values(idxFiles).join(', ')}, each plain or as .gz; dots instead of dashes and a prefix are accepted`,
      });
    const twin = `${first.file}.gz`.toLowerCase();
    const strange = others.find(({ file }) => file.toLowerCase() !== twin);
    if (strange)
      throw new SpikeletError(`${folder} holds ${printable(first.file)} and ${printable(strange.file)}`, {
        hint: 'remove one of them: it is unclear which one to read',
      });
    if (others.length) log(`${join(parent, first.file)} is read, not its .gz`);
    return [role, join(parent, first.file)];
  });
  return Object.fromEntries(paths) as Record<IdxRole, string>;
}

const contentsOf = (names: string[]): string =>
  names.length ? `it holds ${listed(names.map(printable))}` : 'it is empty';
