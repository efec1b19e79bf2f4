import { join } from 'node:path';
import { SpikeletError } from '../../models/error.js';
import type { LabelledFiles } from './labelled-files.js';
import { readBounded } from './read.js';
import type { Part } from './split.js';

const LARGEST_LIST = 2 ** 26;

/**
 * Files by lists of their names, or names without suffix, and classes: lines of `NAME CLASS`, those that begin with #
 * passed over. The lists are in the folder.
 * @throws SpikeletError for a line that is not so, a file that is not there, and one that is in both lists.
 */
export async function listedFiles(
  folder: string,
  paths: string[],
  { train, test }: { train?: string; test?: string },
  known: string[] | undefined,
): Promise<LabelledFiles> {
  if (train === undefined || test === undefined)
    throw new SpikeletError(`only ${train === undefined ? 'test' : 'train'}= is given`, {
      hint: 'give both lists: train=LIST,test=LIST',
    });
  const byName = new Map<string, string>();
  for (const path of paths) {
    byName.set(path, path);
    byName.set(path.replace(/\.[^./]+$/, ''), path);
  }
  const files: { path: string; name: string; split: Part }[] = [];
  const seen = new Map<string, string>();
  for (const [list, split] of [
    [train, 'train'],
    [test, 'test'],
  ] as const)
    for (const [file, name] of await linesOf(join(folder, list))) {
      const path = byName.get(file);
      if (path === undefined)
        throw new SpikeletError(`${list} names '${file}', which ${folder} does not hold`, {
          hint: 'is it the list of this folder?',
        });
      if (seen.has(path))
        throw new SpikeletError(`'${file}' is in ${seen.get(path)} and in ${list}`, {
          hint: 'a recording trains or tests: remove it from one',
        });
      seen.set(path, list);
      files.push({ path, name, split });
    }
  const names = [...new Set(files.map(({ name }) => name))];
  const classes = known ?? names.sort((a, b) => Number(a) - Number(b) || (a < b ? -1 : 1));
  const strange = names.find((name) => !classes.includes(name));
  if (strange !== undefined)
    throw new SpikeletError(`${folder}: the net has no class '${strange}'`, {
      hint: `it has ${classes.join(', ')}`,
    });
  const count = (split: Part) => files.filter((file) => file.split === split).length;
  return {
    files: files.map(({ path, name, split }) => ({ path, split, label: classes.indexOf(name) })),
    classes,
    summary: `${names.length} classes; ${count('train')} files to train by ${train}, ${count('test')} to test by ${test}`,
  };
}

async function linesOf(path: string): Promise<[file: string, name: string][]> {
  const bytes = await readBounded(path, {
    maxBytes: LARGEST_LIST,
    what: 'a list',
    tooLarge: 'is it a list?',
  });
  const lines = new TextDecoder().decode(bytes).split(/\r?\n/);
  const entries = lines.flatMap((line, i): [string, string][] => {
    if (!line.trim() || line.startsWith('#')) return [];
    const [file, name, ...more] = line.trim().split(/\s+/);
    if (name === undefined || more.length)
      throw new SpikeletError(`${path}: line ${i + 1} is not 'NAME CLASS'`, {
        hint: 'one file and its class a line',
      });
    return [[file!, name]];
  });
  if (!entries.length) throw new SpikeletError(`${path} names no files`);
  return entries;
}
