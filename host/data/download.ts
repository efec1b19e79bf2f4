import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SpikeletError } from '../../models/index.js';

/** A file somewhere else: its address, its MD5 as its publisher gives it, and a size it cannot pass. */
export type Remote = { url: string; md5: string; maxBytes: number };

/** How long a server may stay silent. */
const SILENCE_MS = 20_000;

/**
 * Fetches `remote` to `path`, unless a file with the right checksum is there. The file is written beside and
 * renamed once its checksum is right, so `path` never holds a part.
 * @param log told once before a transfer begins.
 * @throws SpikeletError where the address does not answer within 20 s, answers with an error, with too much, or
 * with other bytes than its publisher's.
 */
export async function download(
  remote: Remote,
  path: string,
  log: (line: string) => void = () => {},
  silenceMs = SILENCE_MS,
): Promise<void> {
  if (await hasChecksum(path, remote)) return;
  log(`downloading ${remote.url}`);
  const partial = `${path}.${process.pid}.partial`;
  try {
    await mkdir(dirname(path), { recursive: true });
    const md5 = await transfer(remote, partial, silenceMs);
    if (md5 !== remote.md5)
      throw new SpikeletError(`${remote.url}: the bytes have MD5 ${md5}, its publisher says ${remote.md5}`, {
        hint: 'try again; if it stays so, the file was changed on its way or at its source',
      });
    await rename(partial, path);
  } catch (cause) {
    if (cause instanceof SpikeletError) throw cause;
    throw new SpikeletError(`cannot store ${path}: ${(cause as Error).message}`, {
      hint: 'set XDG_CACHE_HOME to a folder that can be written',
      cause,
    });
  } finally {
    await rm(partial, { force: true }).catch(() => {});
  }
}

async function hasChecksum(path: string, { md5 }: Remote): Promise<boolean> {
  const bytes = await readFile(path).catch(() => undefined);
  return bytes !== undefined && createHash('md5').update(bytes).digest('hex') === md5;
}

/** Writes the answer to `path` and returns its MD5. */
async function transfer({ url, maxBytes }: Remote, path: string, silenceMs: number): Promise<string> {
  const unreachable = (cause: unknown): never => {
    throw new SpikeletError(`cannot download ${url}: ${reason(cause)}`, {
      hint: 'is there a network? Else fetch the four files elsewhere and name their folder: --data fashion-mnist=FOLDER',
      cause,
    });
  };
  const file = await open(path, 'w');
  const patience = new AbortController();
  const giveUp = () => patience.abort(new Error(`no answer for ${Math.round(silenceMs / 100) / 10} seconds`));
  let timer = setTimeout(giveUp, silenceMs);
  try {
    const response = await fetch(url, { signal: patience.signal }).catch(unreachable);
    if (!response.ok || !response.body)
      return unreachable(new Error(`the server answered ${response.status}`));
    const hash = createHash('md5');
    let size = 0;
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read().catch(unreachable);
      if (done) return hash.digest('hex');
      clearTimeout(timer);
      timer = setTimeout(giveUp, silenceMs);
      size += value.length;
      if (size > maxBytes) return unreachable(new Error(`the answer is longer than ${maxBytes} bytes`));
      hash.update(value);
      await file.writeFile(value);
    }
  } finally {
    clearTimeout(timer);
    patience.abort();
    await file.close();
  }
}

/** fetch says only "fetch failed"; the cause below it says why. */
function reason(error: unknown): string {
  const { message, cause } = error as Error;
  if (!(cause instanceof Error)) return message;
  return cause.message || ('code' in cause ? String(cause.code) : message);
}
