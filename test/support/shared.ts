import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * Absolute path of something in the folder of reference data next to the repository; undefined where it is
 * absent.
 */
export function shared(path: string): string | undefined {
  const found = fileURLToPath(new URL(`../../../../shared/${path}`, import.meta.url));
  return existsSync(found) ? found : undefined;
}
