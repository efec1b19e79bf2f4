import { opendir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SpikeletError } from '../../models/error.js';
import { reasonOf } from '../system/files.js';
import { isHidden } from './folder.js';

/** More than ImageNet's training set; entries of any kind count. */
const MAX_ENTRIES = 2_000_000;
/** dataset/part/class/person/session, and as many again. */
const MAX_DEPTH = 10;

/**
 * Paths of all files below `folder`, relative to it, with '/' between their parts, sorted. Links are followed, each folder
 * once; hidden files, what operating systems leave behind, pipes, devices and links that lead nowhere are passed over.
 * @throws SpikeletError for a folder that cannot be read, is too deep or holds too much.
 */
export async function listFiles(folder: string): Promise<string[]> {
  const files: string[] = [];
  const entered = new Set<string>();
  let entries = 0;
  const enter = async (below: string, depth: number): Promise<void> => {
    const place = join(folder, below);
    const failed = (cause: unknown): never => {
      throw new SpikeletError(`cannot read the folder ${place}: ${reasonOf(cause)}`, {
        hint: 'check the path',
        cause,
      });
    };
    if (depth > MAX_DEPTH)
      throw new SpikeletError(`${place}: folders in folders, ${MAX_DEPTH} deep`, {
        hint: 'name a smaller folder',
      });
    const { dev, ino } = await stat(place, { bigint: true }).catch(failed);
    if (entered.has(`${dev}:${ino}`)) return;
    entered.add(`${dev}:${ino}`);
    const names: string[] = [];
    const folders: string[] = [];
    const opened = await opendir(place, { bufferSize: 1024 }).catch(failed);
    for await (const entry of opened) {
      if (++entries > MAX_ENTRIES)
        throw new SpikeletError(`${folder}: more than ${MAX_ENTRIES} files`, {
          hint: 'name a smaller folder',
        });
      if (isHidden(entry.name)) continue;
      const path = below ? `${below}/${entry.name}` : entry.name;
      const info = entry.isSymbolicLink() ? await stat(join(folder, path)).catch(() => undefined) : entry;
      if (info?.isFile()) names.push(path);
      else if (info?.isDirectory()) folders.push(path);
    }
    files.push(...names);
    for (const path of folders.sort()) await enter(path, depth + 1);
  };
  await enter('', 0);
  return files.sort();
}
