import type { Source } from './model.mjs';

/** A part of model.mts, which the build puts into model.mjs: where bytes come from, and what came instead. */

/** What came from somewhere; `where` is its address, or says what it was. */
export type Bytes = { bytes: Uint8Array<ArrayBuffer>; where: string; type?: string };

export const tagOf = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1);

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export async function bytesOf(source: Source): Promise<Bytes> {
  if (typeof source === 'string') return read(source);
  if (typeof source === 'object' && source !== null) {
    if (ArrayBuffer.isView(source)) {
      const { buffer, byteOffset, byteLength } = source;
      // Copy shared memory, which others could change.
      const bytes = new Uint8Array(buffer, byteOffset, byteLength);
      return {
        bytes: tagOf(buffer) === 'ArrayBuffer' ? (bytes as Uint8Array<ArrayBuffer>) : bytes.slice(),
        where: 'the given data',
      };
    }
    const tag = tagOf(source);
    if (tag === 'ArrayBuffer' || tag === 'SharedArrayBuffer')
      return bytesOf(new Uint8Array(source as ArrayBuffer));
    if ('arrayBuffer' in source && typeof source.arrayBuffer === 'function')
      return bytesOfResponse(source, 'the given response');
    if ('href' in source && typeof source.href === 'string') return read(source.href);
  }
  throw new TypeError(
    `load() takes an address, a Response, bytes or a WebAssembly.Module, got ${nameOf(source)}`,
  );
}

async function read(asked: string): Promise<Bytes> {
  const where = asked.length > 300 ? `${asked.slice(0, 300)}...` : asked;
  const node = typeof process === 'object' && process.versions?.node;
  // Node's fetch does not read files.
  if (node && !/^(https?|data|blob):/i.test(asked)) {
    // Not imported, because bundlers for browsers fail on that.
    const files = process.getBuiltinModule?.('node:fs/promises');
    if (!files) throw new Error(`reading ${where} needs Node 20.16 or newer; or give load() its bytes`);
    const { fileURLToPath } = process.getBuiltinModule('node:url');
    try {
      const bytes = await files.readFile(/^file:/i.test(asked) ? fileURLToPath(asked) : asked);
      return { bytes: new Uint8Array(bytes), where };
    } catch (cause) {
      throw new Error(`${where || 'an empty address'} cannot be read: ${messageOf(cause)}`, { cause });
    }
  }
  if (typeof fetch !== 'function')
    throw new Error(`this engine has no fetch() to read ${where}: give load() its bytes`);
  let response: Response;
  try {
    response = await fetch(asked);
  } catch (cause) {
    const hint = /^file:/i.test(where)
      ? '; a page opened as a file may not read other files: serve it over HTTP'
      : '';
    throw new Error(`${where} cannot be fetched: ${messageOf(cause)}${hint}`, { cause });
  }
  return bytesOfResponse(response, where);
}

type ResponseLike = { arrayBuffer(): Promise<ArrayBuffer> } & Partial<
  Pick<Response, 'ok' | 'url' | 'status' | 'statusText' | 'headers'>
>;

async function bytesOfResponse(response: ResponseLike, asked: string): Promise<Bytes> {
  const where = response.url && response.url.length < 300 ? response.url : asked;
  if (response.ok === false)
    throw new Error(`${where}: ${response.status} ${response.statusText ?? ''}`.trimEnd());
  const type = response.headers?.get('content-type') ?? undefined;
  const bytes = new Uint8Array(await response.arrayBuffer());
  return { bytes, where, ...(type ? { type } : {}) };
}

/** Contents that servers and tools put in place of a file, and how to recognise them. */
const KINDS: [sign: RegExp, what: string][] = [
  [/^$/, 'it is empty'],
  [/^\s*<(!doctype html|html|head|body|script)/i, 'it is an HTML page'],
  [/^\s*</, 'it is XML or HTML'],
  [/^version https:\/\/git-lfs/, "it is a Git LFS pointer: 'git lfs pull' fetches the file"],
  [/^.\x8b/s, 'it is compressed (gzip), and the server does not say so'],
  [/^PK[^\w\s]/, 'it is a zip archive'],
  [/^\s*[{[]/, 'it is JSON'],
];

/** What was found instead of the expected file. */
export function contentsOf({ bytes, type }: Bytes): string {
  const start = String.fromCharCode(...bytes.subarray(0, 200));
  const kind = KINDS.find(([sign]) => sign.test(start))?.[1] ?? 'it is something else';
  // Keep unprintable bytes off the terminal.
  const shown = start.slice(0, 40).replace(/[^\x20-\x7e]/g, '.');
  return `${kind}${type ? ` (${type.slice(0, 80).replace(/[^\x20-\x7e]/g, '.')})` : ''}${shown ? `; it begins '${shown}'` : ''}`;
}

/** Describes a value in an error. */
export function nameOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  const type = typeof value === 'object' || typeof value === 'function' ? tagOf(value) : typeof value;
  return `${/^[aeio]/i.test(type) ? 'an' : 'a'} ${type}`;
}
