import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ZodType } from 'zod';
import { crc32, hex32, type OutputFile } from '../../models/index.js';
import { readBytes, writeFile } from '../system/files.js';

/** CRC-32 over paths and contents of files; the key for everything measured from them. */
export function crcOfFiles(files: OutputFile[]): string {
  const encoder = new TextEncoder();
  const sum = (crc: number, part: string | Uint8Array) =>
    crc32(typeof part === 'string' ? encoder.encode(part) : part, crc);
  return hex32(files.reduce((crc, { path, contents }) => sum(sum(crc, path), contents), 0));
}

/**
 * The result of `measure`, which takes minutes, cached as JSON in `folder` under a name that identifies
 * everything it depends on. A file that does not match `schema` is measured again. Without a folder nothing
 * is cached.
 */
export async function cached<T>(
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
