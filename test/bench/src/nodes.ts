import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A Node other than the one that runs the bench, from an npm package of this folder. */
export type NewerNode = { version: string; path: string };

/** Node 22 and 24, where there are packages for this machine. */
export const newerNodes: NewerNode[] = ['node22', 'node24'].flatMap((name) => {
  const at = (path: string) => fileURLToPath(new URL(`../node_modules/${name}/${path}`, import.meta.url));
  const path = at('bin/node');
  if (!existsSync(path)) return [];
  return [{ version: JSON.parse(readFileSync(at('package.json'), 'utf8')).version, path }];
});
