import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { SpikeletError } from '../../models/error.js';
import { reasonOf } from '../system/files.js';
import { isHidden } from './folder.js';

/** More than any published set of recordings; entries of any kind count. */
const MAX_ENTRIES = 2_000_000;
const MAX_DEPTH = 32;

export type FilesBelow = {
  /** Paths below the folder with / between their parts, sorted. */
  files: string[];
  /** How many files have another suffix, and how many are hidden. */
  passedOver: number;
};

/**
 * All files below `folder` whose names match `suffix`. Hidden files and folders, and what operating systems leave, are
 * passed over; links are not followed.
 * @throws SpikeletError for a folder that cannot be read, or that holds no such file (`what` names them).
 */
export async function filesBelow(folder: string, suffix: RegExp, what: string): Promise<FilesBelow> {
  const files: string[] = [];
  let passedOver = 0;
  let seen = 0;
  const walk = async (below: string, depth: number): Promise<void> => {
    const inner: string[] = [];
    try {
      for await (const entry of await opendir(join(folder, below), { bufferSize: 1024 })) {
        if (++seen > MAX_ENTRIES)
          throw new SpikeletError(`${folder}: more than ${MAX_ENTRIES} files`, {
            hint: 'name a smaller folder',
          });
        const path = below ? `${below}/${entry.name}` : entry.name;
        if (entry.isDirectory() && !isHidden(entry.name)) inner.push(path);
        else if (entry.isFile() && !isHidden(entry.name) && suffix.test(entry.name)) files.push(path);
        else passedOver++;
      }
    } catch (cause) {
      if (cause instanceof SpikeletError) throw cause;
      throw new SpikeletError(`cannot read the folder ${join(folder, below)}: ${reasonOf(cause)}`, {
        hint: 'check the path',
        cause,
      });
    }
    if (inner.length && depth === MAX_DEPTH)
      throw new SpikeletError(`${join(folder, below)}: folders are nested more than ${MAX_DEPTH} deep`);
    for (const path of inner.sort()) await walk(path, depth + 1);
  };
  await walk('', 0);
  if (!files.length)
    throw new SpikeletError(`${folder} holds no ${what}`, {
      hint: passedOver ? `${passedOver} other files were passed over` : 'check the path',
    });
  return { files: files.sort(), passedOver };
}
