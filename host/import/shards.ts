import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { SpikeletError } from '../../models/error.js';
import { readBytes } from '../system/files.js';
import { printable } from '../system/printable.js';

const MAX_INDEX = 16_000_000;
const MAX_PARTS = 64;
const CHECKPOINT = /\.(safetensors|pth|pt|ckpt|bin|pth\.tar|safetensors\.index\.json)$/;

/**
 * Names of the files that an index (`*.index.json`) splits a checkpoint into; undefined if it is not an
 * index.
 */
export function partsOf(bytes: Uint8Array, label: string): string[] | undefined {
  if (bytes[0] !== 0x7b || bytes.length > MAX_INDEX) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
  const map: unknown = typeof json === 'object' && json && (json as Record<string, unknown>)['weight_map'];
  if (typeof map !== 'object' || map === null) return undefined;
  const parts = [...new Set(Object.values(map))];
  const isName = (part: unknown): part is string =>
    typeof part === 'string' && part.length <= 255 && part === basename(part) && !/^\.*$|[\\\0]/.test(part);
  if (!parts.length || parts.length > MAX_PARTS || !parts.every(isName))
    throw new SpikeletError(`${label} is a damaged index of a checkpoint in several files`, {
      hint: `it should name 1 to ${MAX_PARTS} files in its folder`,
    });
  return parts;
}

/** Throws if a file's name says that it is one of several parts. */
export function requireWhole(path: string): void {
  const [, stem, part, count] =
    /^(.*)-(\d{5})-of-(\d{5})\.(?:safetensors|bin|pth?)$/.exec(basename(path)) ?? [];
  if (count !== undefined && Number(count) > 1)
    throw new SpikeletError(
      `${path} is part ${Number(part)} of ${Number(count)} of a checkpoint in several files (shards)`,
      { hint: `import their index, in the same folder: ${printable(stem!)}...index.json` },
    );
}

/** The parts of a checkpoint, in the folder of its index. Throws if one is missing. */
export async function readParts(
  index: string,
  parts: string[],
): Promise<{ path: string; bytes: Uint8Array }[]> {
  const folder = dirname(index);
  const present = new Set(await readdir(folder));
  const missing = parts.filter((part) => !present.has(part));
  if (missing.length)
    throw new SpikeletError(
      `${index} is the index of a checkpoint in ${parts.length} files (shards); missing: ${missing.slice(0, 8).map(printable).join(', ')}`,
      { hint: 'put them in the same folder as the index, and import it again' },
    );
  return Promise.all(
    parts.map(async (part) => ({ path: join(folder, part), bytes: await readBytes(join(folder, part)) })),
  );
}

/** The error for a folder instead of a file: lists files in it that could be meant. */
export async function folderError(path: string): Promise<SpikeletError> {
  const names = await readdir(path);
  const found = names.filter((name) => CHECKPOINT.test(name)).slice(0, 8);
  const what = names.includes('saved_model.pb')
    ? ' (a TensorFlow SavedModel)'
    : names.includes('data.pkl')
      ? ' (an unpacked checkpoint: zip it again)'
      : '';
  return new SpikeletError(`${path} is a folder${what}, not a checkpoint`, {
    hint: found.length
      ? `give one of the files in it: ${found.map(printable).join(', ')}`
      : 'give a .safetensors, .pth or .pt file',
  });
}
