import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, mkdir, mkdtemp, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { SpikeletError } from '../models/error.js';
import type { OutputFile } from '../models/output.js';

/** The largest file that is read whole: no network or dataset that spikelet can use is larger. */
const MAX_BYTES = 2 ** 31;

const reasons: Record<string, string> = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'permission denied',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is a file',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the disk is read-only',
};

/** Why a file operation failed, for people. */
export const reasonOf = (error: unknown): string => {
  const { code, message } = error as NodeJS.ErrnoException;
  return (code && reasons[code]) || message;
};

/** All bytes of a regular file. Throws a SpikeletError that says why it cannot be read. */
export async function readBytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    // Without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const info = await file.stat();
      if (info.isDirectory()) throw new Error('it is a folder');
      if (!info.isFile()) throw new Error('it is no regular file');
      if (info.size > MAX_BYTES) throw new Error(`it holds ${info.size} bytes, more than ${MAX_BYTES}`);
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

/** Runs `use` with a folder of its own, which is gone afterwards. */
export async function inTemporaryFolder<T>(purpose: string, use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), `spikelet-${purpose}-`));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A file that is written beside its place and waits to be renamed. */
type Pending = { path: string; target: string; beside: string };

/**
 * Writes a file whole or not at all: beside its place, flushed to the disk, then renamed. A link keeps pointing where
 * it points; devices, pipes and folders are refused. Folders on the way are made.
 */
export async function writeFile(path: string, contents: string | Uint8Array): Promise<void> {
  await commit([await prepare(path, contents)]);
}

/** Writes the files of a build below `folder`, all of them or none. */
export async function writeFiles(folder: string, files: OutputFile[]): Promise<void> {
  const pending: Pending[] = [];
  try {
    for (const { path, contents } of files) pending.push(await prepare(join(folder, path), contents));
  } catch (error) {
    await discard(pending);
    throw error;
  }
  await commit(pending);
}

/**
 * Throws now if `path` could not be written later, after hours of work: its folder is made, and a file beside it
 * written and removed.
 */
export async function requireWritable(path: string): Promise<void> {
  await discard([await prepare(path, '')]);
}

async function prepare(path: string, contents: string | Uint8Array): Promise<Pending> {
  let beside: string | undefined;
  try {
    await makeFolder(dirname(path));
    const target = await writableTarget(path);
    beside = join(dirname(target), `.${randomBytes(6).toString('hex')}.tmp`);
    const file = await open(beside, 'wx');
    try {
      await file.writeFile(contents);
      await file.sync();
    } finally {
      await file.close();
    }
    return { path, target, beside };
  } catch (error) {
    if (beside) await rm(beside, { force: true }).catch(() => undefined);
    throw writeError(path, error);
  }
}

async function writableTarget(path: string): Promise<string> {
  const info = await lstat(path).catch(() => undefined);
  const target = info?.isSymbolicLink() ? await realpath(path) : path;
  const found = info && (await stat(target));
  if (found?.isDirectory()) throw new Error('it is a folder');
  if (found && !found.isFile()) throw new Error('it is no regular file');
  return target;
}

async function commit(pending: Pending[]): Promise<void> {
  for (const [i, { path, target, beside }] of pending.entries())
    try {
      await rename(beside, target);
    } catch (error) {
      await discard(pending.slice(i));
      throw writeError(path, error);
    }
}

const discard = async (pending: Pending[]): Promise<void> => {
  for (const { beside } of pending) await rm(beside, { force: true });
};

const writeError = (path: string, cause: unknown): SpikeletError =>
  new SpikeletError(`cannot write ${path}: ${reasonOf(cause)}`, {
    hint: 'what was there before is unchanged; make room, or choose another place',
    cause,
  });

/** Makes a folder and those above it. Node's own `recursive` never returns where a file system refuses with ENOENT. */
async function makeFolder(folder: string): Promise<void> {
  if (await isFolder(folder)) return;
  if (dirname(folder) !== folder) await makeFolder(dirname(folder));
  await mkdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
}

/** Whether a path is a folder; false where there is nothing. */
export const isFolder = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
