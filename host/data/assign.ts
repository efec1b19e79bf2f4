import { SpikeletError } from '../../models/error.js';
import { listed, printable } from '../system/printable.js';
import { findListed, type Listed } from './lists.js';
import { byFolders, type Naming, nameFiles } from './naming.js';
import { type Part, type SplitOptions, splitOf } from './split.js';

/** One file of a data set: its path below the data's folder, the index of its class, and its part. */
export type Assigned = { file: string; label: number; part: Part };

export type Assignment = {
  classes: string[];
  files: Assigned[];
  /** What was decided by what, for a person: a sentence each. */
  notes: string[];
};

export type AssignOptions = {
  /** How names are read; folders by default. */
  naming?: Naming;
  /** Lists of the files of parts, with the name that errors call each. */
  lists?: Partial<Record<Part, { entries: Listed[]; name: string }>>;
  shares?: SplitOptions['shares'];
  /** Files of which group stay together: by a regular expression, or by the group that the naming gives. */
  group?: RegExp | 'pattern';
  seed?: number;
  /** Names of the classes in order; else those that are found, numbers by value, others by the alphabet. */
  classes?: string[];
};

const PARTS: Part[] = ['train', 'val', 'test'];

/** What is known of a file before classes have numbers. */
type Draft = { file: string; label: string; part: Part; group?: string };

/**
 * Class and part of each file: by lists, else by `shares`, else as the names say. Where lists name no training files, those
 * in no list are for training; where they do, those in no list are left out.
 * @param files relative to the data's folder.
 * @throws SpikeletError where a part would have to be guessed, a file has no class, or a class no training file.
 */
export function assignFiles(files: readonly string[], options: AssignOptions): Assignment {
  const notes: string[] = [];
  const drafts = options.lists
    ? byLists(files, options.lists, options, notes)
    : byNames(files, options, notes);
  const classes = options.classes ?? classNames(drafts.map(({ label }) => label));
  const index = new Map(classes.map((name, i) => [name, i]));
  const assigned = drafts.map(({ file, label, part }): Assigned => {
    const found = index.get(label);
    if (found !== undefined) return { file, label: found, part };
    throw new SpikeletError(
      `${printable(file)} is of class '${printable(label)}', which is not among the classes`,
      {
        hint: `the classes are: ${listed(classes.map(printable))}`,
      },
    );
  });
  const counts = PARTS.map((part) => [assigned.filter((one) => one.part === part).length, part] as const);
  notes.push(counts.map(([count, part]) => `${count} ${part}`).join(', '));
  requireTraining(assigned, classes);
  noteSharedGroups(drafts, notes);
  return { classes, files: assigned, notes };
}

function byLists(
  files: readonly string[],
  lists: NonNullable<AssignOptions['lists']>,
  { naming = byFolders }: AssignOptions,
  notes: string[],
): Draft[] {
  const parts = new Map<number, Draft>();
  for (const part of PARTS) {
    const list = lists[part];
    if (!list) continue;
    for (const [i, place] of findListed(list.entries, files, list.name).entries()) {
      const other = parts.get(place);
      const file = files[place]!;
      if (other)
        throw new SpikeletError(`${list.name}: ${printable(file)} is in the list for ${other.part} too`, {
          hint: 'a file can be in one part: remove it from one of the lists',
        });
      const said = list.entries[i]!.label;
      const named = said === undefined ? nameFiles([file], naming)[0]! : { label: said };
      parts.set(place, { ...named, file, part });
    }
  }
  const rest = files.map((file, i) => ({ file, i })).filter(({ i }) => !parts.has(i));
  if (lists.train) {
    if (rest.length) notes.push(`${rest.length} files in no list are left out`);
    return [...parts.values()];
  }
  // What has no class, such as noise to be mixed in, trains nothing.
  const named = rest.flatMap(({ file }): Draft[] => {
    const found = naming(file);
    return found ? [{ ...found, file, part: 'train' }] : [];
  });
  if (named.length < rest.length)
    notes.push(`${rest.length - named.length} files without a class are left out`);
  return [...parts.values(), ...named];
}

function byNames(files: readonly string[], options: AssignOptions, notes: string[]): Draft[] {
  const { naming = byFolders, shares, group, seed } = options;
  const named = nameFiles(files, naming).map((one, i) => ({ ...one, file: files[i]! }));
  if (!shares) {
    const first = named.find(({ part }) => part === undefined);
    if (first)
      throw new SpikeletError(
        `nothing says which files are for testing: ${printable(first.file)} is in no part`,
        {
          hint: 'say it: split=80/10/10, train= and test= lists, or folders train and test',
        },
      );
    if (group)
      throw new SpikeletError(
        'group= keeps files together where they are split, and their names say their parts',
        {
          hint: 'add split=80/10/10, or omit group=',
        },
      );
    notes.push('parts are those that the names give');
    return named.map(({ part, ...rest }) => ({ ...rest, part: part! }));
  }
  if (named.some(({ part }) => part)) notes.push('the parts that the names give are passed over for split=');
  const keys = group === 'pattern' ? named.map(groupKey) : files;
  const parts = splitOf(keys, {
    shares,
    ...(group === 'pattern'
      ? { group: /^.*$/s }
      : group
        ? { group }
        : { labels: named.map(({ label }) => label) }),
    ...(seed === undefined ? {} : { seed }),
  });
  notes.push(
    `split ${PARTS.map((part) => shares[part]).join('/')} ${group ? 'by group' : 'by file'}, seed ${seed ?? 1}`,
  );
  return named.map((one, i) => ({ ...one, part: parts[i]! }));
}

function groupKey({ file, group }: { file: string; group?: string }): string {
  if (group) return group;
  throw new SpikeletError(`the pattern gives no group for ${printable(file)}`, {
    hint: 'name it in the pattern, (?<group>...), or give a regular expression: group=_([a-z]+)_',
  });
}

/** Whole numbers by value, everything else by its text. */
export function classNames(labels: readonly string[]): string[] {
  const names = [...new Set(labels)];
  const numbers = names.every((name) => /^\d{1,9}$/.test(name));
  return names.sort((a, b) => (numbers ? Number(a) - Number(b) : a < b ? -1 : 1));
}

function requireTraining(files: readonly Assigned[], classes: readonly string[]): void {
  const trained = new Set(files.filter(({ part }) => part === 'train').map(({ label }) => label));
  const untrained = classes.filter((_, label) => !trained.has(label));
  if (untrained.length)
    throw new SpikeletError(
      `no training file of ${untrained.length} of ${classes.length} classes: ${listed(untrained.map(printable))}`,
      { hint: 'add files of these classes, or split them otherwise' },
    );
}

/** A person who is in training and test makes a test easier than life is. */
function noteSharedGroups(drafts: readonly Draft[], notes: string[]): void {
  const groupsOf = (part: Part) =>
    new Set(drafts.flatMap((one) => (one.part === part && one.group !== undefined ? [one.group] : [])));
  const tested = groupsOf('test');
  if (!tested.size) return;
  const trained = groupsOf('train');
  const shared = [...tested].filter((group) => trained.has(group)).length;
  if (shared)
    notes.push(
      `${shared} of the ${tested.size} groups in test are in train too: group=pattern with split= keeps them apart`,
    );
}
