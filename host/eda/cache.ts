import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ZodType } from 'zod';
import { crc32, hex32, type OutputFile } from '../../models/index.js';
import { readBytes, writeFile } from '../system/files.js';

/** CRC-32 of files: another one where anything that is measured of them could be another. */
export function crcOfFiles(files: OutputFile[]): string {
  const encoder = new TextEncoder();
  const sum = (crc: number, part: string | Uint8Array) =>
    crc32(typeof part === 'string' ? encoder.encode(part) : part, crc);
  return hex32(files.reduce((crc, { path, contents }) => sum(sum(crc, path), contents), 0));
}

/**
 * What `measure` finds, which takes minutes, or found before: it is kept as JSON in `folder`, by a name that tells all that it
 * depends on. A file that is not what `schema` says is measured anew. Without a folder nothing is kept.
 */
export async function kept<T>(
  folder: string | undefined,
  name: string,
  schema: ZodType<T>,
  measure: () => Promise<T>,
): Promise<T> {
  if (folder === undefined) return measure();
  const path = join(folder, `${name}.json`);
  const before = await readBytes(path).then(
    (bytes) => schema.safeParse(parsed(bytes)),
    () => undefined,
  );
  if (before?.success) return before.data;
  const found = await measure();
  await mkdir(folder, { recursive: true });
  await writeFile(path, `${JSON.stringify(found)}\n`);
  return found;
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
