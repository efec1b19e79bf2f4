import { SpikeletError } from '../../models/error.js';
import { listed, printable } from '../system/printable.js';
import { expression, type Key, type Keys, wholeNumber, word } from './spec.js';
import { groupOf, type Part, parseGroup, parseShares, splitOf } from './split.js';

/** A file below a data set's folder, the class and the split that it belongs to. */
export type LabelledFile = { path: string; label: number; split: Part };

export type LabelledFiles = {
  files: LabelledFile[];
  classes: string[];
  /** One line for a person: how files were labelled and split. */
  summary: string;
};

/** How files become labelled and split. */
export type LabelSettings = {
  pattern: Pattern;
  split: Record<Part, number>;
  seed: number;
  group: RegExp;
  holdout: string;
};

/** What a file's name says. `test`: whether the set's authors test with it; undefined where they do not say. */
export type Pattern = {
  name: string;
  read(path: string): { label: string; group?: string; test?: boolean } | undefined;
};

const ofExpression = (found: RegExp): Pattern => ({
  name: `/${found.source}/`,
  read(path) {
    const groups = found.exec(path)?.groups;
    if (groups?.['label'] === undefined) return undefined;
    return { label: groups['label'], ...(groups['group'] === undefined ? {} : { group: groups['group'] }) };
  },
});

/** Names of published sets, beside expressions of the user's. */
const patterns: Record<string, Pattern> = {
  // https://github.com/Jakobovski/free-spoken-digit-dataset: {digit}_{speaker}_{index}.wav, indices 0 to 4 are for testing.
  fsdd: {
    name: 'fsdd',
    read(path) {
      const [, label, group, index] = /(?:^|\/)(\d)_([a-z]+)_(\d{1,4})\.wav$/i.exec(path) ?? [];
      return label ? { label, group: group!, test: Number(index) < 5 } : undefined;
    },
  },
};

const pattern: Key<Pattern> = {
  value: `${Object.keys(patterns).join('|')}|REGEX`,
  parse: (text) =>
    Object.hasOwn(patterns, text) ? patterns[text]! : ofExpression(expression('', ['label']).parse(text)),
};

/** The settings of every source of labelled files. */
export const labelKeys: Keys<LabelSettings> = {
  pattern,
  split: { value: '80/10/10', parse: parseShares },
  seed: wholeNumber(0, 2 ** 31 - 1),
  group: { value: 'REGEX', parse: parseGroup },
  holdout: word('GROUP'),
};

/** Folder names that say which split is in them. */
const splitFolders: Record<string, Part> = {
  train: 'train',
  training: 'train',
  val: 'val',
  valid: 'val',
  validation: 'val',
  test: 'test',
  testing: 'test',
};

const DEFAULT_SHARES: Record<Part, number> = { train: 80, val: 0, test: 20 };

type Read = { path: string; label: string; group?: string; split?: Part };

/**
 * The class and the split of every file, by the first of these that applies:
 *
 * class: `pattern`; else the name of the folder that the file is in (below train/, test/ and so on, where the folder is
 * made of these).
 *
 * split: `holdout` (all files of that group test, no other does); `split` by file, or by `group`, which parts no group;
 * what the set itself says (`stated`, folders train/ and test/, the pattern); else 80/20 by group, or by file.
 *
 * Classes are in the order of `known`, a net's, or else in that of whole numbers or of the alphabet.
 * @param stated splits by path that lists in the folder state.
 * @throws SpikeletError for a file that has no class or whose class a net does not know, and for a split without files.
 */
export function labelFiles(
  folder: string,
  paths: string[],
  settings: Partial<LabelSettings>,
  { known, stated }: { known?: string[] | undefined; stated?: Map<string, Part> | undefined } = {},
): LabelledFiles {
  const tops = new Set(paths.map((path) => path.split('/')[0]!));
  const bySplit = [...tops].every((top) => Object.hasOwn(splitFolders, top)) && tops.size > 1;
  const read = paths.map((path) => readPath(path, settings, bySplit));
  const lost = read.filter((file) => file === undefined).length;
  if (lost) {
    const without = paths.filter((_, i) => !read[i]);
    throw new SpikeletError(
      `${folder}: ${lost} of ${paths.length} files have no class: ${firstOf(without)}`,
      {
        hint: settings.pattern
          ? `their names do not match pattern=${settings.pattern.name}`
          : "put each class's files into a folder of its name, or say what names mean: pattern=REGEX with (?<label>...)",
      },
    );
  }
  const files = read as Read[];
  if (stated) for (const file of files) file.split = stated.get(file.path) ?? 'train';
  const names = [...new Set(files.map(({ label }) => label))];
  const classes = known ?? names.sort(byNumberOrText);
  const strange = names.filter((name) => !classes.includes(name));
  if (strange.length)
    throw new SpikeletError(`${folder}: the net has no class ${firstOf(strange)}`, {
      hint: `its classes are ${firstOf(classes)}`,
    });
  const { splits, how } = splitsOf(folder, files, settings);
  const labels = new Map(classes.map((name, i) => [name, i]));
  const found = files.map(({ path, label }) => ({
    path,
    label: labels.get(label)!,
    split: splits.get(path)!,
  }));
  const count = (split: Part) => found.filter((file) => file.split === split).length;
  for (const split of ['train', 'test'] as const)
    if (!count(split))
      throw new SpikeletError(`${folder}: no file is for ${split === 'train' ? 'training' : 'test'}`, {
        hint: 'say how to split them: split=80/10/10',
      });
  const validation = count('val');
  return {
    files: found,
    classes,
    summary:
      `${names.length} classes by ${settings.pattern ? `pattern ${settings.pattern.name}` : 'folder'} (${firstOf(classes)}); ` +
      `${count('train')} files to train, ${validation ? `${validation} to validate, ` : ''}${count('test')} to test, ${how}`,
  };
}

const firstOf = (names: string[]): string => listed(names.map((name) => `'${printable(name)}'`));

/** 0, 1, 2, ... 10 where all names are whole numbers, else by text. */
function byNumberOrText(a: string, b: string): number {
  const numbers = /^\d{1,9}$/;
  if (numbers.test(a) && numbers.test(b)) return Number(a) - Number(b);
  return a < b ? -1 : a > b ? 1 : 0;
}

function readPath(
  path: string,
  { pattern, group }: Partial<LabelSettings>,
  bySplit: boolean,
): Read | undefined {
  const parts = path.split('/');
  const split = bySplit ? splitFolders[parts[0]!] : undefined;
  const named = pattern?.read(path);
  if (pattern && !named) return undefined;
  const label = named?.label ?? parts[bySplit ? 1 : 0];
  if (label === undefined || (!named && parts.length < (bySplit ? 3 : 2))) return undefined;
  const groupName = group ? groupOf(path, group) : named?.group;
  const test = named?.test;
  return {
    path,
    label,
    ...(groupName === undefined ? {} : { group: groupName }),
    ...(split
      ? { split }
      : test === undefined
        ? {}
        : { split: test ? ('test' as const) : ('train' as const) }),
  };
}

function splitsOf(
  folder: string,
  files: Read[],
  { split: shares, seed, group, holdout }: Partial<LabelSettings>,
): { splits: Map<string, Part>; how: string } {
  const groups = new Set(files.map((file) => file.group));
  if (holdout !== undefined) {
    if (!groups.has(holdout))
      throw new SpikeletError(`${folder}: there is no group '${printable(holdout)}'`, {
        hint: groups.has(undefined)
          ? 'say what groups are: group=REGEX, or pattern=REGEX with (?<group>...)'
          : `there are ${firstOf([...groups].map(String).sort())}`,
      });
    return {
      splits: new Map(files.map((file) => [file.path, file.group === holdout ? 'test' : 'train'] as const)),
      how: `testing with group '${printable(holdout)}' alone`,
    };
  }
  if (!shares && !group && files.every(({ split }) => split))
    return {
      splits: new Map(files.map((file) => [file.path, file.split!] as const)),
      how: 'as the data set says',
    };
  const wanted = shares ?? DEFAULT_SHARES;
  const paths = files.map(({ path }) => path);
  const parts = splitOf(paths, {
    shares: wanted,
    labels: files.map(({ label }) => label),
    ...(group ? { group } : {}),
    ...(seed === undefined ? {} : { seed }),
  });
  const shown = [wanted.train, ...(wanted.val ? [wanted.val] : []), wanted.test].join('/');
  return {
    splits: new Map(paths.map((path, i) => [path, parts[i]!])),
    how: `split ${shown} by ${group ? 'group' : 'file'}, seed ${seed ?? 1}`,
  };
}

/** The files of a listing that a source reads, and how many others there are. Throws where there is none. */
export function filesOf(
  folder: string,
  listing: string[],
  is: (path: string) => boolean,
  what: string,
): { files: string[]; others: number } {
  const files = listing.filter(is);
  const others = listing.length - files.length;
  if (!files.length)
    throw new SpikeletError(`${folder} holds no ${what}`, {
      hint: others ? `it holds ${others} other files` : 'check the path',
    });
  return { files, others };
}
