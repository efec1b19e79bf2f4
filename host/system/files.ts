import { randomBytes } from 'node:crypto';
import { constants, rmSync } from 'node:fs';
import { access, lstat, mkdir, mkdtemp, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { crc32, hex32 } from '../../models/crc32.js';
import { exitCode, SpikeletError } from '../../models/error.js';
import type { OutputFile } from '../../models/output.js';
import { onInterrupt } from './cleanup.js';

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
  EPERM: 'not permitted',
  EEXIST: 'it is there already',
  ENAMETOOLONG: 'the name is too long',
  ELOOP: 'its links lead in a circle',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open on this machine',
  ENOMEM: 'there is not enough memory',
  EIO: 'the disk failed',
  EBUSY: 'it is in use',
  EFBIG: 'the file would be too large',
  ENXIO: 'nobody reads it',
  ETXTBSY: 'the program is running',
};

/**
 * Why an operation on the user's files or on the machine failed, where the error is of that kind and no defect of
 * spikelet's own; else undefined.
 */
export function systemProblem(error: unknown): string | undefined {
  const { code, syscall, path } = error as NodeJS.ErrnoException;
  if (!(error instanceof Error) || !code || !Object.hasOwn(reasons, code)) return undefined;
  if (syscall === 'uv_cwd') return 'the current folder is gone';
  return path === undefined
    ? `${syscall ?? 'a file operation'}: ${reasons[code]}`
    : `cannot use ${path}: ${reasons[code]}`;
}

/** Why a file operation failed, for people. */
export const reasonOf = (error: unknown): string => {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' && currentFolderIsGone()) return 'the current folder is gone';
  return (code && Object.hasOwn(reasons, code) && reasons[code]) || message;
};

function currentFolderIsGone(): boolean {
  try {
    process.cwd();
    return false;
  } catch {
    return true;
  }
}

/** All bytes of a regular file of at most `most`. Throws a SpikeletError that says why it cannot be read. */
export async function readBytes(path: string, most = MAX_BYTES): Promise<Uint8Array<ArrayBuffer>> {
  try {
    // Without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const info = await file.stat();
      if (info.isDirectory()) throw new Error('it is a folder');
      if (!info.isFile()) throw new Error('it is no regular file');
      if (info.size > most) throw new Error(`it holds ${info.size} bytes, more than ${most}`);
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

/** Runs `use` with a folder of its own in `base`, which is gone afterwards. */
export async function inTemporaryFolder<T>(
  purpose: string,
  use: (folder: string) => Promise<T>,
  base = tmpdir(),
): Promise<T> {
  const folder = await mkdtemp(join(base, `spikelet-${purpose}-`));
  const done = onInterrupt(() => rmSync(folder, { recursive: true, force: true }));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
    done();
  }
}

/** A file that is written beside its place and waits to be renamed; `done` forgets it, once it is renamed or removed. */
type Pending = { path: string; target: string; beside: string; done: () => void };

/**
 * Writes a file whole or not at all: beside its place, flushed to the disk, then renamed. A link keeps pointing where
 * it points; devices, pipes and folders are refused. Folders on the way are made.
 */
export async function writeFile(path: string, contents: string | Uint8Array): Promise<void> {
  await commit([await prepare(path, contents)]);
}

/** What a build may replace in its folder beyond the files that spikelet wrote there. */
export type FolderOptions = {
  /** Replace the user's own files too. */
  force?: boolean;
  /** Files that a tool makes of the written ones. */
  products?: string[];
};

/**
 * Writes the files of a build below `folder`, all of them or none. A list in the folder tells which files spikelet wrote
 * there, and their CRC-32: what is not on it, or was changed since, is the user's own and is replaced by force alone.
 */
export async function writeFiles(
  folder: string,
  files: OutputFile[],
  { force = false, products = [] }: FolderOptions = {},
): Promise<void> {
  const listed = await readList(folder);
  if (!force) await requireOwn(folder, files, products);
  const written = new Map(files.map(({ path, contents }) => [path, new Set([crcOf(contents)])]));
  const others = [...listed].filter(([path]) => !written.has(path));
  const either = files.map(({ path, contents }) => {
    return [path, new Set([...(listed.get(path) ?? []), crcOf(contents)])] as const;
  });
  const pending: Pending[] = [];
  const add = async (path: string, contents: OutputFile['contents']) =>
    pending.push(await prepare(join(folder, path), contents));
  try {
    // First with both the old and the new, so that a build which is killed between them can be repeated.
    await add(LIST, listText([...others, ...either]));
    for (const { path, contents } of files) await add(path, contents);
    await add(LIST, listText([...others, ...written]));
  } catch (error) {
    await discard(pending);
    throw error;
  }
  await commit(pending);
}

/** The list of what spikelet wrote into a folder: per line a CRC-32 and a path. */
const LIST = '.spikelet-files';
const LIST_HEAD = '# Written by spikelet, which replaces these files while they are unchanged.\n';
const MAX_LIST = 2 ** 20;

type Listed = Map<string, Set<string>>;

const crcOf = (contents: string | Uint8Array): string =>
  hex32(crc32(typeof contents === 'string' ? new TextEncoder().encode(contents) : contents));

const listText = (entries: (readonly [string, Set<string>])[]): string =>
  LIST_HEAD + entries.flatMap(([path, crcs]) => [...crcs].map((crc) => `${crc} ${path}\n`)).join('');

async function readList(folder: string): Promise<Listed> {
  const listed: Listed = new Map();
  const path = join(folder, LIST);
  const info = await lstat(path).catch(() => undefined);
  if (!info) return listed;
  const text =
    info.isFile() && info.size <= MAX_LIST ? new TextDecoder().decode(await readBytes(path)) : undefined;
  // A link of this name could lead to any file of the user's.
  if (!text?.startsWith(LIST_HEAD))
    throw new SpikeletError(`${path} is not a list that spikelet wrote`, {
      hint: 'remove it, or choose another --out',
    });
  for (const line of text.slice(LIST_HEAD.length).split('\n')) {
    const [, crc, name] = /^([0-9a-f]{8}) (.+)$/.exec(line) ?? [];
    if (crc && name) listed.set(name, (listed.get(name) ?? new Set()).add(crc));
  }
  return listed;
}

/**
 * Throws where a file of `folder` that is about to be replaced is not known to be spikelet's own; one that is equal to its
 * new contents, where they are known yet, is no loss.
 */
export async function requireOwn(
  folder: string,
  files: (Pick<OutputFile, 'path'> & Partial<OutputFile>)[],
  products: string[] = [],
): Promise<void> {
  const listed = await readList(folder);
  const foreign: string[] = [];
  const changed: string[] = [];
  for (const { path, contents } of files) {
    const place = join(folder, path);
    const info = await stat(place).catch(() => undefined);
    // Folders and devices are refused when the file is prepared; an empty file holds nothing to lose.
    if (!info?.isFile() || !info.size) continue;
    const found = crcOf(await readBytes(place));
    if ((contents !== undefined && found === crcOf(contents)) || listed.get(path)?.has(found)) continue;
    (listed.has(path) ? changed : foreign).push(path);
  }
  if (!listed.size)
    for (const path of products)
      if (await stat(join(folder, path)).catch(() => undefined)) foreign.push(path);
  const some = (paths: string[]) =>
    `${paths.slice(0, 5).join(', ')}${paths.length > 5 ? ` and ${paths.length - 5} more` : ''}`;
  const problems = [
    ...(foreign.length ? [`holds files that spikelet did not write there: ${some(foreign)}`] : []),
    ...(changed.length ? [`holds files that were changed since: ${some(changed)}`] : []),
  ];
  if (problems.length)
    throw new SpikeletError(`${folder} ${problems.join('; it ')}`, {
      hint: 'nothing was written; choose another --out, or give --force to replace them',
      code: exitCode.usage,
    });
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
  let done: (() => void) | undefined;
  try {
    await makeFolder(dirname(path));
    const target = await writableTarget(path);
    const temporary = join(dirname(target), `.${randomBytes(6).toString('hex')}.tmp`);
    beside = temporary;
    done = onInterrupt(() => rmSync(temporary, { force: true }));
    const file = await open(temporary, 'wx', await modeOf(target));
    try {
      await file.writeFile(contents);
      await file.sync();
    } finally {
      await file.close();
    }
    return { path, target, beside, done };
  } catch (error) {
    if (beside) await rm(beside, { force: true }).catch(() => undefined);
    done?.();
    throw writeError(path, error);
  }
}

/** A file that is replaced keeps its permissions: a secret one does not become public. */
const modeOf = async (target: string): Promise<number> =>
  ((await stat(target).catch(() => undefined))?.mode ?? 0o666) & 0o777;

async function writableTarget(path: string): Promise<string> {
  const info = await lstat(path).catch(() => undefined);
  const target = info?.isSymbolicLink() ? await realpath(path) : path;
  const found = info && (await stat(target));
  if (found?.isDirectory()) throw new Error('it is a folder');
  if (found && !found.isFile()) throw new Error('it is no regular file');
  // A rename would not ask: who made a file read-only wants it to stay.
  if (found) await access(target, constants.W_OK);
  return target;
}

async function commit(pending: Pending[]): Promise<void> {
  for (const [i, { path, target, beside, done }] of pending.entries())
    try {
      await rename(beside, target);
      done();
    } catch (error) {
      await discard(pending.slice(i));
      throw writeError(path, error);
    }
}

const discard = async (pending: Pending[]): Promise<void> => {
  for (const { beside, done } of pending) {
    await rm(beside, { force: true });
    done();
  }
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

/** The same text for every name of a place: links are followed as far as it exists. */
export async function placeOf(path: string): Promise<string> {
  const real = await realpath(path).catch(() => undefined);
  if (real !== undefined) return real;
  const folder = dirname(path);
  return folder === path ? path : join(await placeOf(folder), basename(path));
}
