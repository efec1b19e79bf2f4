import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exitCode, SpikeletError } from '../models/error.js';

/** Options of each verb, by their camelCase names; flags on the command line win. */
export type Config = Record<string, Record<string, unknown>>;

/** For `spikelet.config.ts`: `export default defineConfig({ train: { model: 'tiny' } })`. */
export const defineConfig = (config: Config): Config => config;

const FILES = ['spikelet.config.ts', 'spikelet.config.js', 'spikelet.config.mjs'];

/** A configuration file and what it says of one verb; nothing where there is no file. */
export async function loadConfig(
  verb: string,
): Promise<{ path: string; options: Record<string, unknown> } | undefined> {
  const path = FILES.map((file) => resolve(file)).find((file) => existsSync(file));
  if (!path) return undefined;
  const config = await load(path);
  if (!isRecord(config) || !Object.values(config).every(isRecord))
    throw new SpikeletError(`${path} exports no configuration`, {
      hint: 'it must end in: export default defineConfig({ train: { ... } })',
      code: exitCode.usage,
    });
  return { path, options: (config[verb] as Record<string, unknown> | undefined) ?? {} };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

async function load(path: string): Promise<unknown> {
  try {
    const { createJiti } = await import('jiti');
    // The alias finds 'spikelet' in a folder that has not installed it; a cache of compiled code would lie in a shared place.
    const alias = { spikelet: fileURLToPath(new URL('./index.js', import.meta.url)) };
    const jiti = createJiti(import.meta.url, { alias, fsCache: false, interopDefault: false });
    return (await jiti.import<{ default?: unknown }>(path)).default;
  } catch (cause) {
    throw new SpikeletError(`${path} cannot be loaded: ${(cause as Error).message.split('\n')[0]}`, {
      hint: 'mend the file, or run spikelet in another folder',
      code: exitCode.usage,
      cause,
    });
  }
}
