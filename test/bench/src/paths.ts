import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Where the bench puts what it makes. */
export const buildFolder = join(root, 'build/bench');

/** Where proofs put what they make. */
export const proofsFolder = join(root, 'build/proofs');

/**
 * Absolute path of something in the folder of reference data next to the repository; undefined where it is
 * absent.
 */
export function shared(path: string): string | undefined {
  const found = join(root, '../shared', path);
  return existsSync(found) ? found : undefined;
}
