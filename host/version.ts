import { createRequire } from 'node:module';

type Package = {
  version: string;
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
};

const own = createRequire(import.meta.url)('../../package.json') as Package;

/** The package's own version. */
export const version: string = own.version;

/** The version of another package that spikelet is made for. */
export const wantedVersion = (name: string): string =>
  own.dependencies[name] ?? own.peerDependencies[name] ?? 'latest';
