import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SpikeletError } from '../../models/index.js';
import { printable } from '../system/printable.js';
import { openPartial, type PartialFile } from './partial.js';
import { readBounded } from './read.js';

/** A file somewhere else: its https address, its SHA-256, and a size that it cannot pass. */
export type Remote = { url: string; sha256: string; maxBytes: number };

/** How patient a download is. `get` is fetch; tests put a server of their own in its place. */
export type Patience = {
  /** How long a server may stay silent, and how long all of it may take. */
  silenceMs: number;
  totalMs: number;
  /** How often a broken transfer is gone on with, and the wait before the first time; it doubles. */
  retries: number;
  waitMs: number;
  get: typeof fetch;
};

const usual: Patience = { silenceMs: 20_000, totalMs: 3_600_000, retries: 4, waitMs: 1000, get: fetch };

const MAX_REDIRECTS = 5;

/**
 * Fetches `remote` to `path`, unless a file with the right checksum is there. The file is written beside and renamed
 * once its checksum is right, so `path` never holds a part. A transfer that breaks off is gone on with where it was, by
 * this call or by a later one; where the whole is not right then, it is fetched once more from the start. Only https is
 * spoken, whatever an answer redirects to.
 * @param log told once before a transfer begins.
 * @throws SpikeletError where the address does not answer within 20 s, answers with an error, with too much, or
 * with other bytes than its publisher's.
 */
export async function download(
  remote: Remote,
  path: string,
  log: (line: string) => void = () => {},
  patience: Partial<Patience> = {},
): Promise<void> {
  if (await hasChecksum(path, remote)) return;
  log(`downloading ${remote.url}`);
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const partial = await openPartial(path);
    try {
      await fill(partial, remote, { ...usual, ...patience }, log);
      await partial.finish();
    } finally {
      await partial.close();
    }
  } catch (cause) {
    if (cause instanceof SpikeletError) throw cause;
    // Another process may have put it there.
    if (await hasChecksum(path, remote)) return;
    throw new SpikeletError(`cannot store ${path}: ${(cause as Error).message}`, {
      hint: 'set XDG_CACHE_HOME to a folder that can be written',
      cause,
    });
  }
}

async function hasChecksum(path: string, { sha256, maxBytes }: Remote): Promise<boolean> {
  const expected = { maxBytes, what: 'the downloaded file', tooLarge: 'remove it' };
  const bytes = await readBounded(path, expected).catch(() => undefined);
  return bytes !== undefined && createHash('sha256').update(bytes).digest('hex') === sha256;
}

/** Brings a partial file to the remote's bytes. Throws once they cannot be had; what was got is kept where it may be right. */
async function fill(
  partial: PartialFile,
  remote: Remote,
  patience: Patience,
  log: (line: string) => void,
): Promise<void> {
  const deadline = AbortSignal.timeout(patience.totalMs);
  if (partial.size > 0 && (await partial.sha256()) === remote.sha256) return;
  let left = patience.retries;
  let resumed = partial.size > 0;
  for (let wait = patience.waitMs; ; ) {
    try {
      await transfer(partial, remote, patience, deadline);
      const sha256 = await partial.sha256();
      if (sha256 === remote.sha256) return;
      await partial.truncate();
      if (!resumed) throw wrongBytes(remote, sha256);
      // A part of another file may have been gone on with.
      resumed = false;
    } catch (error) {
      if (!(error instanceof Broken)) throw error;
      if (left-- <= 0 || !error.passes || deadline.aborted) throw unreachable(remote, error.cause);
      log(`${printable(reason(error.cause))}; going on in ${wait / 1000} s`);
      await new Promise((resolve) => setTimeout(resolve, wait));
      wait *= 2;
      resumed = partial.size > 0;
    }
  }
}

/** A transfer that failed; `passes`: it may work when tried again. */
class Broken extends Error {
  constructor(
    override readonly cause: unknown,
    readonly passes: boolean,
  ) {
    super('the transfer broke off');
  }
}

/** Appends to a partial file what it lacks of the remote. */
async function transfer(
  partial: PartialFile,
  remote: Remote,
  { silenceMs, get }: Patience,
  deadline: AbortSignal,
): Promise<void> {
  const silence = new AbortController();
  const giveUp = () => silence.abort(new Error(`no answer for ${Math.round(silenceMs / 100) / 10} seconds`));
  let timer = setTimeout(giveUp, silenceMs);
  const broken = (cause: unknown): never => {
    throw new Broken(deadline.aborted ? new Error('it takes too long') : cause, true);
  };
  try {
    const signal = AbortSignal.any([silence.signal, deadline]);
    const response = await answer(remote, partial.size, signal, get, broken);
    const start = Number(/^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1]);
    // All of it, or another part than was asked for.
    if (response.status !== 206 || start !== partial.size) await partial.truncate();
    if (response.status === 206 && start !== partial.size)
      throw new Broken(new Error('it sent another part'), true);
    const reader = response.body!.getReader();
    for (;;) {
      const { done, value } = await reader.read().catch(broken);
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(giveUp, silenceMs);
      if (partial.size + value.length > remote.maxBytes) {
        await partial.truncate();
        throw new Broken(new Error(`the answer is longer than ${remote.maxBytes} bytes`), false);
      }
      await partial.append(value);
    }
  } finally {
    clearTimeout(timer);
    silence.abort();
  }
}

/** The answer with the bytes from `start` on, or with all of them, after redirects. */
async function answer(
  remote: Remote,
  start: number,
  signal: AbortSignal,
  get: typeof fetch,
  broken: (cause: unknown) => never,
): Promise<Response> {
  let url = remote.url;
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    if (!url.startsWith('https://'))
      throw new Broken(new Error(`${printable(url)} is no https address`), false);
    // Packed on the way, parts would not fit together.
    const headers = { 'accept-encoding': 'identity', ...(start ? { range: `bytes=${start}-` } : {}) };
    const response = await get(url, { signal, headers, redirect: 'manual' }).catch(broken);
    const { status } = response;
    const location = response.headers.get('location');
    if (status !== 200 && status !== 206) await response.body?.cancel().catch(() => {});
    if ([301, 302, 303, 307, 308].includes(status) && location && URL.canParse(location, url)) {
      url = new URL(location, url).href;
      continue;
    }
    if (status === 416 && start) return answer(remote, 0, signal, get, broken);
    if (!response.ok || !response.body)
      throw new Broken(
        new Error(`the server answered ${status}`),
        status >= 500 || [408, 429].includes(status),
      );
    return response;
  }
  throw new Broken(new Error(`more than ${MAX_REDIRECTS} redirects`), false);
}

const wrongBytes = ({ url, sha256 }: Remote, found: string): SpikeletError =>
  new SpikeletError(`${url}: the bytes have SHA-256 ${found}, its publisher says ${sha256}`, {
    hint: 'try again; if it stays so, the file was changed on its way or at its source',
  });

const unreachable = ({ url }: Remote, cause: unknown): SpikeletError =>
  new SpikeletError(`cannot download ${url}: ${printable(reason(cause))}`, {
    hint: 'is there a network? Else fetch the four files elsewhere and name their folder: --data fashion-mnist=FOLDER',
    cause,
  });

/** fetch says only "fetch failed"; the cause below it says why. */
function reason(error: unknown): string {
  const { message, cause } = error as Error;
  if (!(cause instanceof Error)) return message;
  return cause.message || ('code' in cause ? String(cause.code) : message);
}
