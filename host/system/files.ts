import { randomBytes } from 'node:crypto';
import { constants, rmSync } from 'node:fs';
import { access, lstat, mkdir, mkdtemp, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { crc32, hex32 } from '../../models/crc32.js';
import { exitCode, SpikeletError } from '../../models/error.js';
import type { OutputFile } from '../../models/output.js';
import { onInterrupt } from './cleanup.js';

/** The largest file read whole; no network or dataset that spikelet can use is larger. */
const MAX_BYTES = 2 ** 31;

const reasons: Record<string, string> = {
  ENOENT: 'no such file or folder',
  EACCES: 'permission denied',
  EISDIR: 'it is a folder',
  ENOTDIR: 'part of the path is a file',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the disk is read-only',
  EPERM: 'not permitted',
  EEXIST: 'it already exists',
  ENAMETOOLONG: 'the name is too long',
  ELOOP: 'its links form a loop',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open on this machine',
  ENOMEM: 'out of memory',
  EIO: 'the disk failed',
  EBUSY: 'it is in use',
  EFBIG: 'the file would be too large',
  ENXIO: 'nobody reads it',
  ETXTBSY: 'the program is running',
};

/**
 * Why an operation on the user's files or on the machine failed; undefined for errors of other kinds, which
 * are defects of spikelet itself.
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

/**
 * All bytes of a regular file of at most `most` bytes. Throws a SpikeletError that says why it cannot be
 * read.
 */
export async function readBytes(path: string, most = MAX_BYTES): Promise<Uint8Array<ArrayBuffer>> {
  try {
    // Without O_NONBLOCK, opening a pipe that nobody writes to would block for ever.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const info = await file.stat();
      if (info.isDirectory()) throw new Error('it is a folder');
      if (!info.isFile()) throw new Error('it is not a regular file');
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

/** Runs `use` with a new folder in `base`, which is removed afterwards. */
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

/**
 * A temporary file that waits to be renamed to `target`; `done` unregisters it, once it is renamed or
 * removed.
 */
type Pending = { path: string; target: string; temporary: string; done: () => void };

/**
 * Writes a file whole or not at all: a temporary file in the same folder, flushed to disk, then renamed. A
 * link stays a link; devices, pipes and folders are refused. Missing parent folders are created.
 */
export async function writeFile(path: string, contents: string | Uint8Array): Promise<void> {
  await commit([await prepare(path, contents)]);
}

/** What a build may replace in its folder beyond the files that spikelet wrote there. */
export type FolderOptions = {
  /** Replace the user's own files too. */
  force?: boolean;
  /** Files that a tool makes from the written ones. */
  products?: string[];
};

/**
 * Writes the files of a build below `folder`, all of them or none. A list in the folder records which files
 * spikelet wrote there, with their CRC-32: a file that is not listed, or was changed since, belongs to the
 * user and is replaced only with `force`.
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
    // List the old and the new first, so that a build which is killed in between can be repeated.
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
  // A link of this name could lead to any of the user's files.
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
 * Throws if a file in `folder` that is about to be replaced is not known to be written by spikelet. A file
 * equal to its new contents, if those are known yet, may be replaced.
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
    const full = join(folder, path);
    const info = await stat(full).catch(() => undefined);
    // Folders and devices are refused when the file is prepared; an empty file has nothing to lose.
    if (!info?.isFile() || !info.size) continue;
    const found = crcOf(await readBytes(full));
    if ((contents !== undefined && found === crcOf(contents)) || listed.get(path)?.has(found)) continue;
    (listed.has(path) ? changed : foreign).push(path);
  }
  if (!listed.size)
    for (const path of products)
      if (await stat(join(folder, path)).catch(() => undefined)) foreign.push(path);
  const some = (paths: string[]) =>
    `${paths.slice(0, 5).join(', ')}${paths.length > 5 ? ` and ${paths.length - 5} more` : ''}`;
  const problems = [
    ...(foreign.length ? [`holds files that spikelet did not write: ${some(foreign)}`] : []),
    ...(changed.length ? [`holds files that were changed since spikelet wrote them: ${some(changed)}`] : []),
  ];
  if (problems.length)
    throw new SpikeletError(`${folder} ${problems.join('; it ')}`, {
      hint: 'nothing was written; choose another --out, or use --force to replace them',
      code: exitCode.usage,
    });
}

/**
 * Throws now if `path` could not be written later, after hours of work: creates its folder, then writes and
 * removes a temporary file there.
 */
export async function requireWritable(path: string): Promise<void> {
  await discard([await prepare(path, '')]);
}

async function prepare(path: string, contents: string | Uint8Array): Promise<Pending> {
  let created: string | undefined;
  let done: (() => void) | undefined;
  try {
    await makeFolder(dirname(path));
    const target = await writableTarget(path);
    const temporary = join(dirname(target), `.${randomBytes(6).toString('hex')}.tmp`);
    created = temporary;
    done = onInterrupt(() => rmSync(temporary, { force: true }));
    const file = await open(temporary, 'wx', await modeOf(target));
    try {
      await file.writeFile(contents);
      await file.sync();
    } finally {
      await file.close();
    }
    return { path, target, temporary, done };
  } catch (error) {
    if (created) await rm(created, { force: true }).catch(() => undefined);
    done?.();
    throw writeError(path, error);
  }
}

/** A replaced file keeps its permissions: a secret one does not become public. */
const modeOf = async (target: string): Promise<number> =>
  ((await stat(target).catch(() => undefined))?.mode ?? 0o666) & 0o777;

async function writableTarget(path: string): Promise<string> {
  const info = await lstat(path).catch(() => undefined);
  const target = info?.isSymbolicLink() ? await realpath(path) : path;
  const found = info && (await stat(target));
  if (found?.isDirectory()) throw new Error('it is a folder');
  if (found && !found.isFile()) throw new Error('it is not a regular file');
  // rename() would replace a read-only file without asking.
  if (found) await access(target, constants.W_OK);
  return target;
}

async function commit(pending: Pending[]): Promise<void> {
  for (const [i, { path, target, temporary, done }] of pending.entries())
    try {
      await rename(temporary, target);
      done();
    } catch (error) {
      await discard(pending.slice(i));
      throw writeError(path, error);
    }
}

const discard = async (pending: Pending[]): Promise<void> => {
  for (const { temporary, done } of pending) {
    await rm(temporary, { force: true });
    done();
  }
};

const writeError = (path: string, cause: unknown): SpikeletError =>
  new SpikeletError(`cannot write ${path}: ${reasonOf(cause)}`, {
    hint: 'the old contents are unchanged; free some space, or choose another path',
    cause,
  });

/**
 * Makes a folder and its parents. Node's own `recursive` never returns if a file system refuses with ENOENT.
 */
async function makeFolder(folder: string): Promise<void> {
  if (await isFolder(folder)) return;
  if (dirname(folder) !== folder) await makeFolder(dirname(folder));
  await mkdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
}

/** Whether a path is a folder; false if nothing exists there. */
export const isFolder = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isDirectory() ?? false;

/** One canonical text for every name of a path: links are followed as far as the path exists. */
export async function placeOf(path: string): Promise<string> {
  const real = await realpath(path).catch(() => undefined);
  if (real !== undefined) return real;
  const folder = dirname(path);
  return folder === path ? path : join(await placeOf(folder), basename(path));
}
