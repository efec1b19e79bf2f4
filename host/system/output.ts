import { constants } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { exitCode, SpikeletError } from '../../models/error.js';
import { placeOf, requireWritable, writeFile } from './files.js';

/** The kinds of .safetensors file that verbs write, by the `format` in their metadata. */
const formats = {
  net: { format: 'spikelet-net', name: 'a Net' },
  graph: { format: 'spikelet-graph', name: 'a Graph' },
  checkpoint: { format: 'spikelet-checkpoint', name: 'a training checkpoint' },
  trace: { format: 'spikelet-trace', name: 'a trace' },
} as const;

export type OutputKind = keyof typeof formats;

/** The `format` in the metadata of a file of this kind. */
export const formatOf = (kind: OutputKind): string => formats[kind].format;

export type OutputRule = {
  /** What may be replaced: the same kind of .safetensors file, or a file that starts with these bytes. */
  kind: OutputKind | { begins: Uint8Array; name: string };
  /** Files that the command reads: they are never replaced. */
  inputs?: (string | undefined)[];
  /** Replace any existing file. */
  force?: boolean | undefined;
};

/**
 * How every verb writes a file that the user named. Throws now, before hours of work, if the path cannot be
 * written, is one of the inputs (by any name or link) or holds another kind of file. Returns a function that
 * checks again, then writes the file whole or not at all.
 */
export async function output(
  path: string,
  rule: OutputRule,
): Promise<(contents: string | Uint8Array) => Promise<void>> {
  await requireReplaceable(path, rule);
  await requireWritable(path);
  return async (contents) => {
    await requireReplaceable(path, rule);
    await writeFile(path, contents);
  };
}

/** Throws if two of a command's outputs, by flag, are the same file. */
export async function requireApart(outputs: Record<string, string | undefined>): Promise<void> {
  const seen = new Map<string, string>();
  for (const [flag, path] of Object.entries(outputs)) {
    if (path === undefined) continue;
    const real = await placeOf(path);
    const other = seen.get(real);
    if (other !== undefined)
      throw new SpikeletError(`${other} and ${flag} both name ${path}`, {
        hint: 'give each its own file',
        code: exitCode.usage,
      });
    seen.set(real, flag);
  }
}

async function requireReplaceable(path: string, { kind, inputs = [], force }: OutputRule): Promise<void> {
  if (force) return;
  await requireNoInput(path, inputs);
  const found = await kindAt(path);
  if (found === undefined) return;
  const wanted = typeof kind === 'string' ? formats[kind] : kind;
  const same =
    'format' in wanted
      ? found.format === wanted.format
      : wanted.begins.length > 0 && wanted.begins.every((byte, i) => found.start[i] === byte);
  if (!same)
    throw new SpikeletError(`${path} already exists and is ${found.name}, not ${wanted.name}`, {
      hint: 'nothing was written; choose another path, or use --force to replace it',
      code: exitCode.usage,
    });
}

/** Throws if `path` is one of the files that a command reads. */
export async function requireNoInput(path: string, inputs: (string | undefined)[]): Promise<void> {
  const target = await identity(path);
  if (target === undefined) return;
  for (const input of inputs)
    if (input !== undefined && (await identity(input)) === target)
      throw new SpikeletError(`${path} is both read and written${path === input ? '' : `: it is ${input}`}`, {
        hint: 'nothing was written; choose another path, or use --force to replace it',
        code: exitCode.usage,
      });
}

const identity = async (path: string): Promise<string | undefined> => {
  const info = await stat(path, { bigint: true }).catch(() => undefined);
  return info && `${info.dev}:${info.ino}`;
};

type Found = { format: string | undefined; name: string; start: Uint8Array };

/** Longest .safetensors header that is read; ours are far shorter. */
const MAX_HEADER = 25_000_000;

const magics: [bytes: number[], name: string][] = [
  [[0x89, 0x50, 0x4e, 0x47], 'a PNG image'],
  [[0xff, 0xd8, 0xff], 'a JPEG image'],
  [[0x00, 0x61, 0x73, 0x6d], 'a WebAssembly module'],
  [[0x50, 0x4b, 0x03, 0x04], 'a zip archive or PyTorch checkpoint'],
  [[0x7f, 0x45, 0x4c, 0x46], 'a program'],
];

/** What a file is, by its content; undefined if it is missing, empty or not a regular file. */
async function kindAt(path: string): Promise<Found | undefined> {
  const info = await stat(path).catch(() => undefined);
  if (!info?.isFile() || !info.size) return undefined;
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => undefined);
  if (!file) return { format: undefined, name: 'a file that cannot be read', start: new Uint8Array() };
  try {
    const read = async (offset: number, length: number) => {
      const { buffer, bytesRead } = await file.read(new Uint8Array(length), 0, length, offset);
      return buffer.subarray(0, bytesRead);
    };
    const start = await read(0, 64);
    const length = start.length < 8 ? Infinity : Number(new DataView(start.buffer).getBigUint64(0, true));
    const format =
      length <= Math.min(MAX_HEADER, info.size - 8) ? formatIn(await read(8, length)) : undefined;
    const known = Object.values(formats).find((each) => each.format === format);
    const magic = magics.find(([bytes]) => bytes.every((byte, i) => start[i] === byte));
    const text = start.every((byte) => byte >= 32 || (byte >= 9 && byte <= 13));
    const tensors = format === undefined ? undefined : 'a .safetensors file of another program';
    return {
      format,
      name: known?.name ?? tensors ?? magic?.[1] ?? (text ? 'a text file' : 'a file of another kind'),
      start,
    };
  } finally {
    await file.close();
  }
}

/** The `format` of a .safetensors header; '' if it has none, undefined if this is not such a header. */
function formatIn(header: Uint8Array): string | undefined {
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(header));
    if (typeof json !== 'object' || json === null) return undefined;
    const { __metadata__: metadata } = json as { __metadata__?: { format?: unknown } };
    return typeof metadata?.format === 'string' ? metadata.format : '';
  } catch {
    return undefined;
  }
}
