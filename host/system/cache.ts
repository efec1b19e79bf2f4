import { createHash } from 'node:crypto';
import { lstat, mkdir, readdir, rm, stat, utimes } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { readBytes, writeFile } from './files.js';

/** The folder of what can be had again, at a cost: spikelet/NAME in XDG_CACHE_HOME, or in ~/.cache. */
export const cacheFolder = (name: string): string =>
  join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'spikelet', name);

/** Most files and bytes of one kind that are kept; the least recently used go first. */
export const MOST_FILES = 512;
const MOST_BYTES = 2 ** 26;
/** A larger result is not kept. */
const MOST_BYTES_OF_ONE = 2 ** 22;
/** Files that a killed process left are older. */
const LEFT_BEHIND_MS = 3_600_000;

const DIGEST_BYTES = 32;

const digest = (...parts: (string | Uint8Array)[]): Buffer => {
  const hash = createHash('sha256');
  // Each with its length, so that no two lists of parts read alike.
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  return hash.digest();
};

/**
 * What `make` gives, or gave before on this machine for the same `key`, which must name everything that the
 * bytes depend on. They are kept in the user's cache folder under the key's SHA-256, behind their own, so a
 * file that is damaged or half there is made again. A folder that cannot be written, or that others may
 * write, is not used. With SPIKELET_NO_CACHE set nothing is read or kept.
 */
export async function cached(
  name: string,
  key: string[],
  make: () => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const folder = process.env['SPIKELET_NO_CACHE'] ? undefined : await ownFolder(name);
  if (folder === undefined) return make();
  const path = join(folder, digest(...key).toString('hex'));
  const found = await readKept(path);
  if (found) {
    const now = new Date();
    await utimes(path, now, now).catch(() => undefined);
    return found;
  }
  const made = await make();
  if (made.length <= MOST_BYTES_OF_ONE) await keep(folder, path, made).catch(() => undefined);
  return made;
}

/** The folder of a kind, made if missing; undefined if it cannot be made, or belongs to another user. */
async function ownFolder(name: string): Promise<string | undefined> {
  const folder = cacheFolder(name);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const info = await lstat(folder);
    const mine = process.getuid === undefined || (info.uid === process.getuid() && !(info.mode & 0o022));
    return info.isDirectory() && mine ? folder : undefined;
  } catch {
    return undefined;
  }
}

async function readKept(path: string): Promise<Uint8Array | undefined> {
  const file = await readBytes(path, MOST_BYTES_OF_ONE + DIGEST_BYTES).catch(() => undefined);
  const contents = file?.subarray(DIGEST_BYTES);
  // A copy: Node's buffers of small files share their memory.
  return contents && digest(contents).equals(file!.subarray(0, DIGEST_BYTES))
    ? new Uint8Array(contents)
    : undefined;
}

async function keep(folder: string, path: string, contents: Uint8Array): Promise<void> {
  await writeFile(path, Buffer.concat([digest(contents), contents]));
  const names = await readdir(folder);
  const files = await Promise.all(
    names.map(async (name) => {
      const info = await stat(join(folder, name)).catch(() => undefined);
      return { name, bytes: info?.size ?? 0, used: info?.mtimeMs ?? 0 };
    }),
  );
  let [count, bytes] = [0, 0];
  for (const file of files.sort((a, b) => b.used - a.used)) {
    count++;
    bytes += file.bytes;
    const left = file.name.endsWith('.tmp') && Date.now() - file.used > LEFT_BEHIND_MS;
    if (left || count > MOST_FILES || bytes > MOST_BYTES) await rm(join(folder, file.name), { force: true });
  }
}
