import { createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * A file that is being downloaded: hidden, in the folder of its target, under a name that cannot be guessed.
 */
export type PartialFile = {
  path: string;
  /** Bytes received so far. */
  readonly size: number;
  append(bytes: Uint8Array): Promise<void>;
  truncate(): Promise<void>;
  sha256(): Promise<string>;
  /** Renames the complete file to `path`. */
  finish(): Promise<void>;
  /** Closes it; an empty one is removed, otherwise it stays for the next `openPartial`. */
  close(): Promise<void>;
};

/** Paths of the partial files that this process works on. */
const own = new Set<string>();

/** `.NAME.PID.RANDOM.partial`: the process id tells whether it is still in use. */
const partialName = (name: string): string =>
  `.${name}.${process.pid}.${randomBytes(12).toString('hex')}.partial`;

/**
 * Opens a partial file for `path`: one that an ended process left behind, or a new one. It is taken over by
 * renaming it, which only one of two processes can do, so no two work on the same file.
 */
export async function openPartial(path: string): Promise<PartialFile> {
  const folder = dirname(path);
  for (const left of await abandoned(folder, basename(path))) {
    const partial = join(folder, partialName(basename(path)));
    const taken = await rename(join(folder, left), partial).then(
      () =>
        open(partial, constants.O_RDWR | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)).catch(
          () => undefined,
        ),
      () => undefined,
    );
    const info = await taken?.stat();
    if (taken && info?.isFile() && info.nlink === 1) return partialOf(path, partial, taken, info.size);
    await taken?.close();
    await rm(partial, { force: true, recursive: true });
  }
  const partial = join(folder, partialName(basename(path)));
  return partialOf(path, partial, await open(partial, 'wx+', 0o600), 0);
}

/** Partial files of `name` whose process has ended, or had the same id as this one. */
async function abandoned(folder: string, name: string): Promise<string[]> {
  const names = await readdir(folder);
  return names.filter((file) => {
    if (!file.startsWith(`.${name}.`)) return false;
    const [, pid] = /^(\d{1,10})\.[0-9a-f]{24}\.partial$/.exec(file.slice(name.length + 2)) ?? [];
    return pid !== undefined && !own.has(join(folder, file)) && !isAlive(Number(pid));
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

function partialOf(path: string, partial: string, file: FileHandle, start: number): PartialFile {
  let size = start;
  let open = true;
  own.add(partial);
  const close = async () => {
    if (open) await file.close();
    open = false;
    own.delete(partial);
  };
  return {
    path: partial,
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
      await rename(partial, path);
    },
    async close() {
      await close();
      if (size === 0) await rm(partial, { force: true }).catch(() => {});
    },
  };
}
