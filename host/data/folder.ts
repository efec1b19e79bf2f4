import type { Dirent } from 'node:fs';
import { opendir, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { labelled, SpikeletError } from '../../models/error.js';
import { reasonOf } from '../system/files.js';
import { printable } from '../system/printable.js';
import { CLASSES_FILE, type ClassNames, type Labelling, labelFolders, spelling } from './class-folders.js';
import { IMAGE_SUFFIX } from './format.js';
import { readLabels } from './labels.js';

/** An image file; `label` is the index of its class, if its folder gives one. */
export type ImageFile = { path: string; label?: number };

/** What a folder of images holds, for people and for --json. */
export type FolderContents = {
  images: number;
  /** How the folders name classes; null: the images are not in class folders. */
  labelsBy: Labelling['by'] | null;
  /** Folders that hold images. */
  classFolders: number;
  /** Number of other entries that were skipped, by kind: `hidden`, `.bmp`, ... */
  passedOver: Record<string, number>;
  /** All of this in one line. */
  summary: string;
};

export type ImageList = { files: ImageFile[]; contents: FolderContents };

/** More than ImageNet's training set; entries of any kind count. */
const MAX_ENTRIES = 2_000_000;

/** Files that operating systems and programs leave in folders, apart from names that begin with a dot. */
const LEFTOVERS = new Set(
  [
    ...[
      '__MACOSX',
      'Icon\r',
      'Thumbs.db',
      'ehthumbs.db',
      'desktop.ini',
      '$RECYCLE.BIN',
      'System Volume Information',
    ],
    ...['@eaDir', '#recycle', '@Recycle', '@Recently-Snapshot', 'lost+found'],
  ].map((name) => name.toLowerCase()),
);

/** Whether a name is that of a hidden file, or of what an operating system leaves behind. */
export const isHidden = (name: string): boolean => name.startsWith('.') || LEFTOVERS.has(name.toLowerCase());

/**
 * The images of `folder`, sorted by path.
 *
 * Images directly in it have no labels. If folders in it hold images, each of these folders is a class
 * (`labelFolders` says which), with all images below it at any depth; images next to the folders are skipped.
 *
 * An image is a file with the suffix of a PNG, a JPEG or a WebP. Links to files and folders are followed,
 * each folder once per class. Hidden files and folders, other suffixes, pipes and devices, broken links and
 * folders without images are skipped, and counted in `contents`.
 * @throws SpikeletError if the folder cannot be read or holds no images, or its labels are ambiguous.
 */
export async function listImages(folder: string, classes: ClassNames): Promise<ImageList> {
  const { images, direct, stated, passedOver } = await survey(folder);
  const folders = [...images.keys()];
  if (!folders.length && !direct.length)
    throw new SpikeletError(`${folder} holds no images${passedOverText(passedOver)}`, {
      hint: 'PNG, JPEG or WebP files, or one folder of them per class',
    });
  if (!folders.length)
    return listed(
      direct.map((path) => ({ path })),
      undefined,
      classes,
      passedOver,
    );
  const labels = stated ? await readLabels(join(folder, CLASSES_FILE)) : undefined;
  const labelling = labelled(folder, () => {
    try {
      return labelFolders(folders, classes, labels);
    } catch (error) {
      throw splitError(folder, images, classes) ?? error;
    }
  });
  refuseClassInClass(folder, images, classes);
  count(passedOver, 'next to the class folders', direct.length);
  const files = folders.flatMap((name) =>
    images.get(name)!.map((path) => ({ path, label: labelling.labels.get(name)! })),
  );
  return listed(files, labelling, classes, passedOver);
}

type Survey = {
  /** Images directly in the folder, and images below each folder in it that holds any. */
  direct: string[];
  images: Map<string, string[]>;
  /** Whether there is a classes.txt. */
  stated: boolean;
  passedOver: Map<string, number>;
};

const count = (counts: Map<string, number>, kind: string, by = 1): void => {
  if (by) counts.set(kind, (counts.get(kind) ?? 0) + by);
};

/** A directory entry; a link has the kind of its target. */
type Entry = { name: string; path: string; kind: 'file' | 'folder' | 'other' | 'dangling'; id: string };

async function survey(folder: string): Promise<Survey> {
  const found: Survey = { direct: [], images: new Map(), stated: false, passedOver: new Map() };
  const seen = { entries: 0 };
  const root = await identity(folder);
  const top = await sorted(folder, seen);
  const tops = new Map<string, string>([[root, '.']]);
  for (const { name, kind, id } of top) {
    if (kind !== 'folder' || isHidden(name)) continue;
    const other = tops.get(id);
    if (other !== undefined)
      throw new SpikeletError(`${join(folder, name)} is a link to ${join(folder, other)}`, {
        hint: 'one folder cannot be two classes: remove one of its two names',
      });
    tops.set(id, name);
  }
  for (const entry of top) {
    if (entry.kind === 'folder' && !isHidden(entry.name)) {
      const images = await below(entry, tops, seen, found.passedOver);
      if (images.length) found.images.set(entry.name, images);
      else count(found.passedOver, 'folder without images');
    } else if (entry.kind === 'file' && entry.name === CLASSES_FILE) found.stated = true;
    else if (isImage(entry, found.passedOver)) found.direct.push(entry.path);
  }
  return found;
}

/** All images below a class folder; neither the root nor another class folder is entered through a link. */
async function below(
  top: Entry,
  tops: Map<string, string>,
  seen: { entries: number },
  passedOver: Map<string, number>,
): Promise<string[]> {
  const images: string[] = [];
  const entered = new Set([top.id]);
  const waiting = [top.path];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop())
    for (const entry of await sorted(folder, seen)) {
      if (entry.kind !== 'folder' || isHidden(entry.name)) {
        if (isImage(entry, passedOver)) images.push(entry.path);
      } else if (entered.has(entry.id) || tops.has(entry.id))
        count(passedOver, 'link to a folder that is read anyway');
      else {
        entered.add(entry.id);
        waiting.push(entry.path);
      }
    }
  return images.sort(byText);
}

/** Whether an entry is an image; others are counted as skipped. */
function isImage({ name, kind }: Entry, passedOver: Map<string, number>): boolean {
  const reason = reasonAgainst(name, kind);
  if (reason) count(passedOver, reason);
  return !reason;
}

function reasonAgainst(name: string, kind: Entry['kind']): string | undefined {
  if (isHidden(name)) return 'hidden';
  if (kind === 'dangling') return 'broken link';
  if (kind !== 'file') return 'pipe, socket or device';
  if (IMAGE_SUFFIX.test(name)) return undefined;
  const [suffix] = /\.[a-z0-9]{1,10}$/i.exec(name) ?? [];
  return suffix ? suffix.toLowerCase() : 'without a suffix';
}

/** The entries of a folder, sorted by name; links have the kind of their target. */
async function sorted(folder: string, seen: { entries: number }): Promise<Entry[]> {
  const entries: Entry[] = [];
  try {
    for await (const entry of await opendir(folder, { bufferSize: 1024 })) {
      if (++seen.entries > MAX_ENTRIES)
        throw new SpikeletError(`${folder}: more than ${MAX_ENTRIES} files`, {
          hint: 'name a smaller folder',
        });
      entries.push(entry.isFile() ? plain(folder, entry) : await resolved(folder, entry));
    }
  } catch (cause) {
    if (cause instanceof SpikeletError) throw cause;
    throw unreadable(folder, cause);
  }
  return entries.sort((a, b) => byText(a.name, b.name));
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const plain = (folder: string, { name }: Dirent): Entry => ({
  name,
  path: join(folder, name),
  kind: 'file',
  id: '',
});

async function resolved(folder: string, entry: Dirent): Promise<Entry> {
  const { name, path } = plain(folder, entry);
  if (!entry.isDirectory() && !entry.isSymbolicLink()) return { name, path, kind: 'other', id: '' };
  const info = await stat(path, { bigint: true }).catch((cause: NodeJS.ErrnoException) => {
    if (entry.isSymbolicLink() && ['ENOENT', 'ELOOP', 'ENOTDIR'].includes(cause.code ?? '')) return undefined;
    throw unreadable(path, cause);
  });
  if (!info) return { name, path, kind: 'dangling', id: '' };
  const kind = info.isDirectory() ? 'folder' : info.isFile() ? 'file' : 'other';
  return { name, path, kind, id: `${info.dev}:${info.ino}` };
}

async function identity(folder: string): Promise<string> {
  const { dev, ino } = await stat(folder, { bigint: true }).catch((cause) => {
    throw unreadable(folder, cause);
  });
  return `${dev}:${ino}`;
}

const unreadable = (folder: string, cause: unknown): SpikeletError =>
  new SpikeletError(`cannot read the folder ${folder}: ${reasonOf(cause)}`, {
    hint: 'check the path',
    cause,
  });

/** The error if the class folders are one level further down: train/cat, val/cat. */
function splitError(
  folder: string,
  images: Map<string, string[]>,
  classes: ClassNames,
): SpikeletError | undefined {
  const splits = [...images].filter(([top, paths]) => {
    const parts = paths.map((path) => path.slice(join(folder, top).length + 1).split(sep));
    const names = new Set(parts.map(([name = '', ...rest]) => (rest.length ? name : '')));
    if (names.has('')) return false;
    try {
      return labelFolders([...names], classes).labels.size > 0;
    } catch {
      return false;
    }
  });
  const [first] = splits[0] ?? [];
  if (first === undefined) return undefined;
  const shown = splits.slice(0, SHOWN).map(([top]) => `'${printable(top)}'`);
  return new SpikeletError(`the class folders are in ${shown.join(', ')}`, {
    hint: `give one of these folders: ${printable(join(folder, first))}`,
  });
}

/** Refuses a folder of one class below that of another: the class of its images would be ambiguous. */
function refuseClassInClass(
  folder: string,
  images: Map<string, string[]>,
  { names, ids = [] }: ClassNames,
): void {
  const known = new Set<string>(
    [...names, ...ids].flatMap((name) => (name && !/^\d+$/.test(name) ? [spelling(name)] : [])),
  );
  for (const [top, paths] of images)
    for (const path of paths) {
      const inner = path
        .slice(join(folder, top).length + 1)
        .split(sep)
        .slice(0, -1);
      const other = inner.find((name) => known.has(spelling(name)) && spelling(name) !== spelling(top));
      if (other !== undefined)
        throw new SpikeletError(
          `${path} is in the folder of '${printable(top)}' and in one of the class '${printable(other)}'`,
          { hint: 'keep the images of each class in a separate folder' },
        );
    }
}

function listed(
  files: ImageFile[],
  labelling: Labelling | undefined,
  { names }: ClassNames,
  passedOver: Map<string, number>,
): ImageList {
  const found = labelling ? `${classesText(labelling, names)}, ` : '';
  const summary = `${found}${files.length} image${files.length === 1 ? '' : 's'}${labelling ? '' : ' without labels'}`;
  return {
    files,
    contents: {
      images: files.length,
      labelsBy: labelling?.by ?? null,
      classFolders: labelling?.labels.size ?? 0,
      passedOver: Object.fromEntries(passedOver),
      summary: `${summary}${passedOverText(passedOver)}`,
    },
  };
}

/** Most kinds, and most folders, that one line names. */
const SHOWN = 6;

function classesText({ by, labels, spelled }: Labelling, names: string[]): string {
  const all = labels.size === names.length ? '' : ` of ${names.length}`;
  const text = `${labels.size}${all} class${labels.size === 1 && !all ? '' : 'es'} by ${by}`;
  const named = (label: number) => `'${printable(names[label]!)}'`;
  const ordered = [...labels].sort(([, a], [, b]) => a - b);
  // Names need no example; for numbers, an example shows an off-by-one error.
  const examples =
    by === 'name'
      ? spelled.slice(0, SHOWN).map(([folder, name]) => `'${printable(folder)}' is '${printable(name)}'`)
      : [...new Set([ordered[0]!, ordered.at(-1)!])].map(
          ([folder, label]) => `${printable(folder)} is ${named(label)}`,
        );
  const more = by === 'name' && spelled.length > SHOWN ? ', ...' : '';
  return examples.length ? `${text} (${examples.join(', ')}${more})` : text;
}

/** `; 3 skipped: 1 hidden, 2 .bmp`, or nothing. */
function passedOverText(passedOver: Map<string, number>): string {
  const kinds = [...passedOver].sort(([, a], [, b]) => b - a);
  const total = kinds.reduce((sum, [, number]) => sum + number, 0);
  const shown = kinds
    .slice(0, SHOWN)
    .map(([kind, number]) => `${number} ${number > 1 ? kind.replace(/^folder /, 'folders ') : kind}`);
  return total ? `; ${total} skipped: ${shown.join(', ')}${kinds.length > SHOWN ? ', ...' : ''}` : '';
}
