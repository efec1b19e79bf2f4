import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SpikeletError } from '../../models/index.js';
import { printable } from '../system/printable.js';
import { openPartial, type PartialFile } from './partial.js';
import { readBounded } from './read.js';

/** A file to download: its https address, its SHA-256 and its maximum size. */
export type Remote = { url: string; sha256: string; maxBytes: number };

/** Timeouts and retries of a download. `get` is fetch; tests replace it with their own server. */
export type Patience = {
  /** How long a server may stay silent, and how long the whole download may take. */
  silenceMs: number;
  totalMs: number;
  /** How often a broken transfer is resumed, and the wait before the first retry; it doubles each time. */
  retries: number;
  waitMs: number;
  get: typeof fetch;
};

const usual: Patience = { silenceMs: 20_000, totalMs: 3_600_000, retries: 4, waitMs: 1000, get: fetch };

const MAX_REDIRECTS = 5;

/**
 * Downloads `remote` to `path`, unless it already holds a file with the right checksum. The data goes to a
 * temporary file, renamed once its checksum is right, so `path` never holds a partial file. A broken transfer
 * is resumed where it stopped, by this call or a later one; if the checksum is then wrong, the file is
 * downloaded once more from the start. Only https is used, also after redirects.
 * @param log called once before a transfer begins.
 * @throws SpikeletError if the server does not answer within 20 s, or answers with an error, with too much,
 * or with bytes of another checksum.
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
    // Another process may have finished it.
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

/** Completes a partial file. Throws when the remote cannot be fetched; bytes that may be right are kept. */
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
      // The part that was resumed may have come from another file.
      resumed = false;
    } catch (error) {
      if (!(error instanceof Broken)) throw error;
      if (left-- <= 0 || !error.passes || deadline.aborted) throw unreachable(remote, error.cause);
      log(`${printable(reason(error.cause))}; resuming in ${wait / 1000} s`);
      await new Promise((resolve) => setTimeout(resolve, wait));
      wait *= 2;
      resumed = partial.size > 0;
    }
  }
}

/** A transfer that failed; `passes`: a retry may succeed. */
class Broken extends Error {
  constructor(
    override readonly cause: unknown,
    readonly passes: boolean,
  ) {
    super('the transfer was interrupted');
  }
}

/** Appends the missing rest of the remote to a partial file. */
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
    throw new Broken(deadline.aborted ? new Error('the download takes too long') : cause, true);
  };
  try {
    const signal = AbortSignal.any([silence.signal, deadline]);
    const response = await answer(remote, partial.size, signal, get, broken);
    const start = Number(/^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1]);
    // The whole file, or another range than the one requested.
    if (response.status !== 206 || start !== partial.size) await partial.truncate();
    if (response.status === 206 && start !== partial.size)
      throw new Broken(new Error('the server sent another range than the one requested'), true);
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

/** The response with the bytes from `start` on, or with all of them, after redirects. */
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
      throw new Broken(new Error(`${printable(url)} is not an https address`), false);
    // With compression in transit, parts would not fit together.
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
  new SpikeletError(`${url}: SHA-256 is ${found}, expected ${sha256}`, {
    hint: 'try again; if the error stays, the file was changed at its source or in transit',
  });

const unreachable = ({ url }: Remote, cause: unknown): SpikeletError =>
  new SpikeletError(`cannot download ${url}: ${printable(reason(cause))}`, {
    hint: 'check the network, or download the four files elsewhere and give their folder: --data fashion-mnist=FOLDER',
    cause,
  });

/** fetch says only "fetch failed"; its cause says why. */
function reason(error: unknown): string {
  const { message, cause } = error as Error;
  if (!(cause instanceof Error)) return message;
  return cause.message || ('code' in cause ? String(cause.code) : message);
}
