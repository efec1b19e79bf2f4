import { lstat, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exitCode, SpikeletError } from '../../models/error.js';
import { readBytes } from '../system/files.js';

/** Options of each verb, by their camelCase names; flags on the command line win. */
export type Config = Record<string, Record<string, unknown>>;

/** For `spikelet.config.ts`: `export default defineConfig({ train: { model: 'tiny' } })`. */
export const defineConfig = (config: Config): Config => config;

/** Only searched in the current folder: a parent folder may belong to another user. */
const FILES = ['spikelet.config.ts', 'spikelet.config.js', 'spikelet.config.mjs', 'spikelet.config.json'];

const MAX_JSON = 2 ** 20;

export type ConfigRequest = {
  /** The file that the user named, whoever owns it; otherwise one of FILES is used. */
  file?: string;
  /** Verbs that a configuration may set options for. */
  verbs: string[];
  /** Called with the file's name before any of it runs. */
  note: (line: string) => void;
};

/** The configuration file and its options for one verb; undefined if there is no file. */
export async function loadConfig(
  verb: string,
  { file, verbs, note }: ConfigRequest,
): Promise<{ path: string; options: Record<string, unknown> } | undefined> {
  const path = file ?? (await find());
  if (path === undefined) return undefined;
  const isCode = !path.endsWith('.json');
  if (isCode && file === undefined) await requireTrusted(path);
  note(`options: ${path}${isCode ? ', which is code and is run' : ''} (--no-config leaves it out)`);
  const config = isCode ? await run(path) : await readJson(path);
  if (!isRecord(config) || !Object.values(config).every(isRecord))
    throw usage(
      `${path} exports no configuration`,
      isCode
        ? 'it must end in: export default defineConfig({ train: { ... } })'
        : 'it must be an object of objects: { "train": { ... } }',
    );
  const strange = Object.keys(config).find((key) => !verbs.includes(key));
  if (strange !== undefined)
    throw usage(`${path}: '${strange}' takes no options from a file`, `verbs that do: ${verbs.join(', ')}`);
  return { path, options: Object.hasOwn(config, verb) ? (config[verb] as Record<string, unknown>) : {} };
}

const usage = (message: string, hint: string, cause?: unknown): SpikeletError =>
  new SpikeletError(message, { hint, code: exitCode.usage, ...(cause === undefined ? {} : { cause }) });

async function find(): Promise<string | undefined> {
  const found: string[] = [];
  for (const file of FILES) if (await lstat(file).catch(() => undefined)) found.push(file);
  if (found.length > 1)
    throw usage(`there are ${found.join(' and ')}`, 'keep one of them, or name one with --config');
  return found[0] === undefined ? undefined : resolve(found[0]);
}

/** Throws if other users could have written the code, which would run with this user's rights. */
async function requireTrusted(path: string): Promise<void> {
  const info = await stat(path).catch(() => undefined);
  // Another user's link could point to any of this user's programs.
  const link = await lstat(path).catch(() => undefined);
  const user = process.getuid?.();
  if (!info || !link || user === undefined) return;
  const isForeign = ({ uid }: { uid: number }) => uid !== user && uid !== 0;
  const why =
    isForeign(info) || isForeign(link)
      ? 'it belongs to another user'
      : info.mode & 0o002
        ? 'every user can write to it'
        : undefined;
  if (why)
    throw usage(
      `${path} is not run: ${why}`,
      `name it with --config if you trust it, or leave it out with --no-config`,
    );
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

async function readJson(path: string): Promise<unknown> {
  const bytes = await readBytes(path, MAX_JSON);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw usage(`${path} is not JSON: ${(cause as Error).message.split('\n')[0]}`, 'mend the file', cause);
  }
}

async function run(path: string): Promise<unknown> {
  try {
    if (!(await stat(path)).isFile()) throw new Error('it is no regular file');
    const { createJiti } = await import('jiti');
    // The alias makes 'spikelet' resolve in a folder that has not installed it. There is no cache, as it
    // would be in a shared place.
    const alias = { spikelet: fileURLToPath(new URL('../index.js', import.meta.url)) };
    const jiti = createJiti(import.meta.url, { alias, fsCache: false, interopDefault: false });
    return (await jiti.import<{ default?: unknown }>(resolve(path))).default;
  } catch (cause) {
    throw usage(
      `${path} cannot be loaded: ${(cause as Error).message?.split('\n')[0]}`,
      'mend the file, or run spikelet with --no-config',
      cause,
    );
  }
}
