import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { SpikeletError } from '../models/error.js';

/** Options of each verb, by their camelCase names; flags on the command line win. */
export type Config = Record<string, Record<string, unknown>>;

/** For `spikelet.config.ts`: `export default defineConfig({ train: { model: 'tiny' } })`. */
export const defineConfig = (config: Config): Config => config;

const FILES = ['spikelet.config.ts', 'spikelet.config.js', 'spikelet.config.mjs'];

/** What the configuration file in the current folder says of one verb; nothing where there is no file. */
export async function loadConfig(verb: string): Promise<Record<string, unknown>> {
  const path = FILES.map((file) => resolve(file)).find((file) => existsSync(file));
  if (!path) return {};
  try {
    const { createJiti } = await import('jiti');
    const config = await createJiti(import.meta.url).import<Config>(path, { default: true });
    return config[verb] ?? {};
  } catch (cause) {
    throw new SpikeletError(`${path} cannot be loaded: ${(cause as Error).message}`, {
      hint: 'it must export default defineConfig({...})',
      cause,
    });
  }
}
