import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

type Package = {
  version: string;
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
};

const require = createRequire(import.meta.url);
const own = require('../../../package.json') as Package;

/** The package's own version. */
export const version: string = own.version;

/** The version of another package that spikelet is tested with. */
export const wantedVersion = (name: string): string =>
  own.dependencies[name] ?? own.peerDependencies[name] ?? 'latest';

/**
 * The version of an installed package. Some packages do not export their package.json, so the folders above
 * its entry are searched for it.
 */
export function installedVersion(name: string): string {
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      return (require(`${folder}/${name}/package.json`) as { version: string }).version;
    } catch {
      // Not in this folder.
    }
  }
  return 'unknown version';
}

/**
 * The command that installs packages in the versions spikelet needs, where Node finds them from here. In a
 * clone of spikelet, npm skips the optional peers of the package itself unless they are saved as something
 * else, and the next `npm install` removes what is not saved.
 */
export function npmInstall(...names: string[]): string {
  const peers = names.some((name) => name in own.peerDependencies);
  const flag = installedGlobally(folder) ? ' --global' : peers ? ' --save-dev' : '';
  return `npm install${flag} ${names.map((name) => `${name}@${wantedVersion(name)}`).join(' ')}`;
}

const folder = fileURLToPath(new URL('../../..', import.meta.url)).replace(/[/\\]$/, '');

/** Whether a package is in the global packages folder, which belongs to no project. */
export function installedGlobally(folder: string): boolean {
  const modules = dirname(folder);
  return basename(modules) === 'node_modules' && !existsSync(join(dirname(modules), 'package.json'));
}
