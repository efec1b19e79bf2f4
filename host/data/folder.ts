import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SpikeletError } from '../../models/error.js';

/** An image file; `label` is the index of its class where its folder tells. */
export type ImageFile = { path: string; label?: number };

const IMAGE = /\.(png|jpe?g|webp)$/i;

/** More than ImageNet's training set. */
const MAX_FILES = 2_000_000;

/** What identifies a class in a folder's name. */
export type ClassNames = { names: string[]; ids?: (string | undefined)[] };

/**
 * The images below `folder`, sorted by path: either directly in it, without labels, or in one folder per class as in
 * ImageNet's val. A class folder is found by its class's id or name; else, where there are as many folders as classes,
 * by its place in the alphabet, as torchvision does.
 */
export async function listImages(folder: string, classes: ClassNames): Promise<ImageFile[]> {
  const entries = await list(folder);
  const direct = entries.filter((entry) => entry.isFile() && IMAGE.test(entry.name));
  if (direct.length) return direct.map(({ name }) => ({ path: join(folder, name) }));
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const label = labelOf(folder, folders, classes);
  const files: ImageFile[] = [];
  for (const name of folders) {
    for (const entry of await list(join(folder, name)))
      if (entry.isFile() && IMAGE.test(entry.name))
        files.push({ path: join(folder, name, entry.name), label: label(name) });
    if (files.length > MAX_FILES) throw new SpikeletError(`${folder} holds more than ${MAX_FILES} images`);
  }
  if (!files.length)
    throw new SpikeletError(`${folder} holds no images`, {
      hint: 'PNG, JPEG or WebP files, or one folder of them per class',
    });
  return files;
}

async function list(folder: string) {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (cause) {
    throw new SpikeletError(`cannot read the folder ${folder}: ${(cause as Error).message}`, {
      hint: 'check the path',
      cause,
    });
  }
}

function labelOf(folder: string, folders: string[], { names, ids }: ClassNames): (name: string) => number {
  const known = new Map<string, number>();
  for (const [i, name] of names.entries()) known.set(name, i);
  for (const [i, id] of (ids ?? []).entries()) if (id !== undefined) known.set(id, i);
  const strange = folders.filter((name) => !known.has(name));
  if (!strange.length) return (name) => known.get(name)!;
  if (folders.length === names.length) return (name) => folders.indexOf(name);
  throw new SpikeletError(
    `${folder}: '${strange[0]}' is the folder of no class (${folders.length} folders, ${names.length} classes)`,
    { hint: 'give --labels FILE with one line per class: its folder and its name (n01440764 tench)' },
  );
}
