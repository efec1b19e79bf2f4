import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SpikeletError } from '../models/error.js';
import type { OutputFile } from '../models/output.js';

/** The largest file that is read whole: no network or dataset that spikelet can use is larger. */
const MAX_BYTES = 2 ** 31;

const reasons: Record<string, string> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is a file',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the disk is read-only',
};

const reasonOf = (error: unknown): string => {
  const { code, message } = error as NodeJS.ErrnoException;
  return (code && reasons[code]) || message;
};

/** All bytes of a file. Throws a SpikeletError that says why it cannot be read. */
export async function readBytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      if (size > MAX_BYTES) throw new Error(`it holds ${size} bytes, more than ${MAX_BYTES}`);
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new SpikeletError(`cannot read ${path}: ${reasonOf(error)}`, {
      hint: 'check the path',
      cause: error,
    });
  }
}

/**
 * Writes a file whole or not at all: beside its place, flushed to the disk, then renamed.
 * Folders on the way are made.
 */
export async function writeFile(path: string, contents: string | Uint8Array): Promise<void> {
  const beside = join(dirname(path), `.${randomBytes(6).toString('hex')}.tmp`);
  try {
    await makeFolder(dirname(path));
    const file = await open(beside, 'wx');
    try {
      await file.writeFile(contents);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true }).catch(() => undefined);
    throw new SpikeletError(`cannot write ${path}: ${reasonOf(error)}`, {
      hint: 'nothing was changed; free space or choose another place with --out',
      cause: error,
    });
  }
}

/** Makes a folder and those above it. Node's own `recursive` never returns where a file system refuses with ENOENT. */
async function makeFolder(folder: string): Promise<void> {
  if (await isFolder(folder)) return;
  if (dirname(folder) !== folder) await makeFolder(dirname(folder));
  await mkdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
}

/**
 * Throws now if `path` could not be written later, before hours of work: its folder is made, and a file beside it
 * written and removed.
 */
export async function requireWritable(path: string): Promise<void> {
  const probe = join(dirname(path), `.${randomBytes(6).toString('hex')}.tmp`);
  await writeFile(probe, '').catch((error: SpikeletError) => {
    const { hint, code } = error;
    throw new SpikeletError(error.message.replace(probe, path), { ...(hint ? { hint } : {}), code });
  });
  await rm(probe);
}

/** Writes the files of a build below `folder`. */
export async function writeFiles(folder: string, files: OutputFile[]): Promise<void> {
  for (const { path, contents } of files) await writeFile(join(folder, path), contents);
}

/** Whether a path is a folder; false where there is nothing. */
export const isFolder = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
