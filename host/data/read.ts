import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { SpikeletError } from '../../models/error.js';
import { reasonOf } from '../system/files.js';

/** What a data file may be: its maximum size in bytes, and the hints for errors. */
export type Expected = { maxBytes: number; what: string; tooLarge: string };

/**
 * All bytes of a regular file; no more than it had when it was opened.
 * @throws SpikeletError if it cannot be read, is not a regular file (a pipe, a device, a folder) or is too
 * large.
 */
export async function readBounded(path: string, { maxBytes, what, tooLarge }: Expected): Promise<Uint8Array> {
  const failed = (cause: unknown): never => {
    throw new SpikeletError(`cannot read ${path}: ${reasonOf(cause)}`, { hint: `expected ${what}`, cause });
  };
  // Without O_NONBLOCK, opening a pipe that nobody writes to would block for ever.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch(failed);
  try {
    const info = await file.stat();
    if (!info.isFile())
      throw new SpikeletError(`${path} is not a regular file`, { hint: `expected ${what}` });
    if (info.size > maxBytes)
      throw new SpikeletError(`${path}: ${info.size} bytes, the limit is ${maxBytes}`, { hint: tooLarge });
    const bytes = new Uint8Array(info.size);
    let length = 0;
    while (length < bytes.length) {
      const { bytesRead } = await file.read(bytes, length, bytes.length - length).catch(failed);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return bytes.subarray(0, length);
  } finally {
    await file.close();
  }
}
