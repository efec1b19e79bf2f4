import { createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** A file that is being fetched: hidden beside its place, under a name that nobody can guess. */
export type PartialFile = {
  path: string;
  /** Bytes that it holds. */
  readonly size: number;
  append(bytes: Uint8Array): Promise<void>;
  truncate(): Promise<void>;
  sha256(): Promise<string>;
  /** Puts it in its place, whole. */
  finish(): Promise<void>;
  /** Ends the work on it; an empty one is removed, else it stays for the next `openPartial`. */
  close(): Promise<void>;
};

/** Paths of those that this process works on. */
const own = new Set<string>();

/** `.NAME.PID.RANDOM.partial`: the process tells whether somebody still works on it. */
const partialName = (name: string): string =>
  `.${name}.${process.pid}.${randomBytes(12).toString('hex')}.partial`;

/**
 * Opens a partial file for `path`: one that an ended process left there, or a new one. It is taken over by giving it
 * a new name, which of two processes only one can do; so each works on a file of its own.
 */
export async function openPartial(path: string): Promise<PartialFile> {
  const place = dirname(path);
  for (const left of await abandoned(place, basename(path))) {
    const beside = join(place, partialName(basename(path)));
    const taken = await rename(join(place, left), beside).then(
      () =>
        open(beside, constants.O_RDWR | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)).catch(
          () => undefined,
        ),
      () => undefined,
    );
    const info = await taken?.stat();
    if (taken && info?.isFile() && info.nlink === 1) return partialOf(path, beside, taken, info.size);
    await taken?.close();
    await rm(beside, { force: true, recursive: true });
  }
  const beside = join(place, partialName(basename(path)));
  return partialOf(path, beside, await open(beside, 'wx+', 0o600), 0);
}

/** Names of the partial files of `name` whose process has ended, or was another one with this process's number. */
async function abandoned(place: string, name: string): Promise<string[]> {
  const names = await readdir(place);
  return names.filter((file) => {
    if (!file.startsWith(`.${name}.`)) return false;
    const [, pid] = /^(\d{1,10})\.[0-9a-f]{24}\.partial$/.exec(file.slice(name.length + 2)) ?? [];
    return pid !== undefined && !own.has(join(place, file)) && !isAlive(Number(pid));
  });
}

function isAlive(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

function partialOf(path: string, beside: string, file: FileHandle, start: number): PartialFile {
  let size = start;
  let open = true;
  own.add(beside);
  const close = async () => {
    if (open) await file.close();
    open = false;
    own.delete(beside);
  };
  return {
    path: beside,
    get size() {
      return size;
    },
    async append(bytes) {
      for (let written = 0; written < bytes.length; ) {
        const { bytesWritten } = await file.write(bytes, written, bytes.length - written, size);
        written += bytesWritten;
        size += bytesWritten;
      }
    },
    async truncate() {
      size = 0;
      await file.truncate(0);
    },
    async sha256() {
      const hash = createHash('sha256');
      const part = new Uint8Array(2 ** 20);
      for (let at = 0; at < size; ) {
        const { bytesRead } = await file.read(part, 0, Math.min(part.length, size - at), at);
        if (bytesRead === 0) break;
        hash.update(part.subarray(0, bytesRead));
        at += bytesRead;
      }
      return hash.digest('hex');
    },
    async finish() {
      await close();
      await rename(beside, path);
    },
    async close() {
      await close();
      if (size === 0) await rm(beside, { force: true }).catch(() => {});
    },
  };
}
