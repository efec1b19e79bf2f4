import { join } from 'node:path';
import { SpikeletError } from '../../../models/error.js';
import { type Assignment, assignFiles } from '../assign.js';
import { listFiles } from '../listing.js';
import { parseList } from '../lists.js';
import { parseNaming } from '../naming.js';
import { readBounded } from '../read.js';
import { integer, type Setting, type Values } from '../settings.js';
import { type Part, parseGroup, parseShares } from '../split.js';

const list = (part: string): Setting<string> => ({ usage: `${part}=LIST`, parse: (text) => text });

/** How the files of a source become classes and parts: settings of every source of labelled files. */
export const labelSettings = {
  pattern: { usage: 'pattern=fsdd or a regular expression', parse: parseNaming },
  train: list('train'),
  val: list('val'),
  test: list('test'),
  split: { usage: 'split=80/10/10', parse: parseShares },
  group: {
    usage: 'group=pattern or a regular expression',
    parse: (text: string): RegExp | 'pattern' => (text === 'pattern' ? text : parseGroup(text)),
  },
  seed: integer('seed=1', 0, 2 ** 31 - 1),
};

export type LabelValues = Values<typeof labelSettings>;

const LARGEST_LIST = 2 ** 26;

/**
 * The files below a folder that `is` accepts, and how many others there are.
 * @throws SpikeletError if there is no such file (`what` names them).
 */
export async function filesBelow(
  folder: string,
  is: (path: string) => boolean,
  what: string,
): Promise<{ files: string[]; others: number }> {
  const all = await listFiles(folder);
  const files = all.filter(is);
  if (!files.length)
    throw new SpikeletError(`${folder} holds no ${what}`, {
      hint: all.length ? `it holds ${all.length} other files` : 'check the path',
    });
  return { files, others: all.length - files.length };
}

/**
 * The files below a folder that `is` accepts, each with its class and part (`assignFiles`); what was decided is logged. The
 * classes are `known`, a net's, or those that are found. Lists are in the folder.
 * @throws SpikeletError if there is no such file (`what` names them), or a class or part is not clear.
 */
export async function labelledFiles(
  folder: string,
  { is, what, known }: { is: (path: string) => boolean; what: string; known: string[] | undefined },
  values: LabelValues,
  log: (line: string) => void,
): Promise<Assignment> {
  const { files, others } = await filesBelow(folder, is, what);
  const lists = await listsOf(folder, values);
  const { pattern, split, group, seed } = values;
  const assignment = assignFiles(files, {
    ...(pattern ? { naming: pattern } : {}),
    ...(lists ? { lists } : {}),
    ...(split ? { shares: split } : {}),
    ...(group ? { group } : {}),
    ...(seed === undefined ? {} : { seed }),
    ...(known ? { classes: known } : {}),
  });
  const notes = [`${files.length} ${what}`, `${assignment.classes.length} classes`, ...assignment.notes];
  log(`${folder}: ${notes.join('; ')}${others ? `; ${others} other files passed over` : ''}`);
  return assignment;
}

async function listsOf(folder: string, values: LabelValues) {
  const given = (['train', 'val', 'test'] as const).filter((part) => values[part] !== undefined);
  if (!given.length) return undefined;
  const read = async (part: Part) => {
    const name = join(folder, values[part]!);
    const expected = { maxBytes: LARGEST_LIST, what: 'a list of files', tooLarge: 'is it a list of files?' };
    return [part, { entries: parseList(await readBounded(name, expected), name), name }] as const;
  };
  return Object.fromEntries(await Promise.all(given.map(read)));
}
