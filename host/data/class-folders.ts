import { createHash } from 'node:crypto';
import { SpikeletError } from '../../models/error.js';
import { printable } from '../system/printable.js';

/** What identifies a class in a folder's name. */
export type ClassNames = { names: string[]; ids?: (string | undefined)[] };

/**
 * A file in a folder of images that says which folder is which class, in the format that `--labels` takes.
 */
export const CLASSES_FILE = 'classes.txt';

/**
 * How the folders were matched to classes, and the class of each; `spelled`: those not named exactly as their
 * class.
 */
export type Labelling = {
  by: 'name' | typeof CLASSES_FILE | 'number' | 'ImageNet id';
  labels: Map<string, number>;
  spelled: [folder: string, name: string][];
};

type Reading = { by: Labelling['by']; labelOf(folder: string): number | undefined };

/**
 * The class of each folder, by the first of these readings that knows every folder:
 *
 * 1. by name: each folder has the name of one class, or its id. If no class has exactly that name, upper and
 *    lower case, Unicode's composed and decomposed letters, and characters other than letters, digits, + #
 *    and % (no file system allows them all) make no difference, as long as only one class fits: 'T-shirt top'
 *    is 'T-shirt/top'.
 * 2. by classes.txt in the folder: one line per class, in the order of the logits: its folder's name.
 * 3. by number: each folder is a whole number, the index of its class, counted from 0. Not used if the
 *    classes are named by other numbers.
 * 4. by ImageNet id: exactly the 1,000 folders n01440764 to n15075141 of ILSVRC 2012, whose classes are in
 *    the order of their ids by definition.
 *
 * Nothing else gives a label; in particular, alphabetical order does not.
 * @param stated what classes.txt names, if there is one.
 * @throws SpikeletError if no reading knows all folders, naming those that match no class and the closest
 * classes; and if two folders are the same class.
 */
export function labelFolders(
  folders: string[],
  classes: ClassNames,
  stated?: { name: string; id?: string }[],
): Labelling {
  const { names } = classes;
  const readings: Reading[] = [{ by: 'name', labelOf: nameReader(classes) }];
  if (stated && stated.length === names.length)
    readings.push({ by: CLASSES_FILE, labelOf: statedReader(stated) });
  if (!names.some((name, i) => isNumber(name) && name !== String(i)))
    readings.push({ by: 'number', labelOf: (folder) => indexOf(folder, names.length) });
  if (names.length === 1000 && isImageNet(folders)) {
    const ordered = new Map([...folders].sort().map((id, i) => [id, i]));
    readings.push({ by: 'ImageNet id', labelOf: (folder) => ordered.get(folder) });
  }
  for (const { by, labelOf } of readings) {
    const labels = new Map<string, number>();
    for (const folder of folders) {
      const label = labelOf(folder);
      if (label !== undefined) labels.set(folder, label);
    }
    if (labels.size < folders.length) continue;
    refuseTwins(labels, names);
    if (by === CLASSES_FILE) refuseContradiction(stated!, names);
    const spelled = [...labels].flatMap(([folder, label]): [string, string][] =>
      by === 'name' && folder !== names[label] && folder !== classes.ids?.[label]
        ? [[folder, names[label]!]]
        : [],
    );
    return { by, labels, spelled };
  }
  throw unknownFolders(folders, classes, readings[0]!, stated);
}

const isNumber = (text: string): boolean => /^\d{1,9}$/.test(text);

const indexOf = (folder: string, count: number): number | undefined =>
  isNumber(folder) && Number(folder) < count ? Number(folder) : undefined;

/**
 * A name without the differences that file systems, people and programs introduce. Characters that tell names
 * apart and are allowed in folder names stay: 'C' is not 'C++', and '1' is not '-1'.
 */
export const spelling = (name: string): string =>
  name
    .normalize('NFC')
    .toLowerCase()
    .replace(/(?!^[-\u2212]\p{N})[^\p{L}\p{M}\p{N}+#%]+/gu, ' ')
    .trim();

/** The index under each key; undefined where two classes share it. */
function unique(keys: Iterable<[key: string | undefined, index: number]>): Map<string, number | undefined> {
  const found = new Map<string, number | undefined>();
  for (const [key, index] of keys)
    if (key) found.set(key, found.has(key) && found.get(key) !== index ? undefined : index);
  return found;
}

function nameReader({ names, ids = [] }: ClassNames): Reading['labelOf'] {
  const exact = unique([...names.entries(), ...ids.entries()].map(([i, key]) => [key, i]));
  const spelled = unique(names.map((name, i) => [spelling(name), i]));
  return (folder) => (exact.has(folder) ? exact.get(folder) : spelled.get(spelling(folder)));
}

function statedReader(stated: { name: string; id?: string }[]): Reading['labelOf'] {
  const known = unique(
    stated.flatMap(({ name, id }, i): [string | undefined, number][] => [
      [name.normalize('NFC'), i],
      [id, i],
    ]),
  );
  return (folder) => known.get(folder.normalize('NFC'));
}

/** SHA-256 of ImageNet-1k's ids in order, one per line. */
const IMAGENET_IDS = '70002b0ff5de60a3a17a82dbfcff291931f96225ddf941ad2e182fc39e183d15';

const isImageNet = (folders: string[]): boolean =>
  folders.length === 1000 &&
  createHash('sha256')
    .update(`${[...folders].sort().join('\n')}\n`)
    .digest('hex') === IMAGENET_IDS;

const quoted = (name: string): string => `'${printable(name)}'`;

function refuseTwins(labels: Map<string, number>, names: string[]): void {
  const first = new Map<number, string>();
  for (const [folder, label] of labels) {
    const other = first.get(label);
    if (other !== undefined)
      throw new SpikeletError(
        `the folders ${quoted(other)} and ${quoted(folder)} are both class ${label}, ${quoted(names[label]!)}`,
        { hint: 'keep the images of a class in one folder' },
      );
    first.set(label, folder);
  }
}

/** A list that gives the name of one class to another belongs to another model. */
function refuseContradiction(stated: { name: string }[], names: string[]): void {
  const own = unique(names.map((name, i) => [name, i]));
  for (const [i, { name }] of stated.entries()) {
    const index = own.get(name);
    if (index !== undefined && index !== i && !isNumber(name))
      throw new SpikeletError(
        `${CLASSES_FILE} names ${quoted(name)} in line ${i + 1} as class ${i}, for the model it is class ${index}`,
        { hint: 'one line per class, in the order of the logits: the name of its folder' },
      );
  }
}

/** Most folders that an error names. */
const SHOWN = 5;

function unknownFolders(
  folders: string[],
  { names }: ClassNames,
  byName: Reading,
  stated: { name: string }[] | undefined,
): SpikeletError {
  const numbers = folders.every(isNumber);
  const unknown = folders.filter((folder) =>
    numbers ? indexOf(folder, names.length) === undefined : byName.labelOf(folder) === undefined,
  );
  // If all are class indices, the classes are named by other numbers.
  const shown = (unknown.length ? unknown : folders).slice(0, SHOWN).map((folder) => {
    const near = numbers ? [] : closest(folder, names);
    return near.length ? `${quoted(folder)} (closest: ${near.map(quoted).join(', ')})` : quoted(folder);
  });
  const count = unknown.length || folders.length;
  const more = count > SHOWN ? ', ...' : '';
  const fromOne =
    unknown.length === 1 &&
    unknown[0] === String(names.length) &&
    !folders.some((name) => Number(name) === 0);
  const range =
    numbers && unknown.length
      ? `; class indices are 0..${names.length - 1}${fromOne ? ', and these folders seem to count from 1' : ''}`
      : '';
  const list = stated
    ? `; ${CLASSES_FILE} ${stated.length === names.length ? 'does not name them all' : `names ${stated.length} classes`}`
    : '';
  return new SpikeletError(
    `${count} of ${folders.length} folders of images ${count === 1 ? 'matches' : 'match'} none of the ${names.length} classes: ` +
      `${shown.join(', ')}${more}${range}${list}`,
    {
      hint:
        `rename the folders, or say which is which in a file ${CLASSES_FILE} next to them: one line per class, in the ` +
        "order of the logits, with its folder's name, or its id (n01440764 tench). Images directly in the folder, " +
        'without class folders next to them, run without labels',
    },
  );
}

/** With more classes, none are compared: it would take seconds. */
const MAX_COMPARED = 5000;

/** Up to three names that share the most pairs of letters with `folder` (Dice's coefficient). */
function closest(folder: string, names: string[]): string[] {
  if (names.length > MAX_COMPARED) return [];
  const wanted = pairs(folder);
  const scored = names.map((name) => {
    const have = pairs(name);
    let shared = 0;
    for (const pair of have) if (wanted.has(pair)) shared++;
    return { name, score: (2 * shared) / Math.max(1, wanted.size + have.size) };
  });
  return scored
    .filter(({ score }) => score >= 0.4)
    .sort((a, b) => b.score - a.score)
    .slice(0, 3)
    .map(({ name }) => name);
}

const pairs = (text: string): Set<string> => {
  const letters = spelling(text.slice(0, 100));
  return new Set(Array.from({ length: Math.max(0, letters.length - 1) }, (_, i) => letters.slice(i, i + 2)));
};
