import type { Dataset } from '../../../models/dataset.js';
import { exitCode, SpikeletError } from '../../../models/error.js';
import type { FrontEnd } from '../../../models/frontends/index.js';
import type { ImageInput } from '../images.js';
import type { Keys, Spec } from '../spec.js';
import { settingsOf } from '../spec.js';

export type LoadOptions = {
  /** Told what takes a while, a download, and what was made of ambiguous files and folders. */
  log?: (line: string) => void;
  /** The net that the data is for: its classes and image, and the front end that it takes raw signals with. */
  input?: ImageInput & { frontEnd?: FrontEnd };
  /** How many images are wanted, where not all are. */
  limit?: number;
};

/** A kind of data; one file each. `path`: what the part behind = names, undefined where it takes none. */
export type Source<S = unknown> = {
  path?: { what: 'FOLDER' | 'PATH'; optional?: true };
  keys: Keys<S>;
  load(path: string | undefined, settings: Partial<S>, options: LoadOptions): Dataset | Promise<Dataset>;
};

/** Ties a source's settings to its own `load`, for a table of sources of different settings. */
export const source = <S>(definition: Source<S>): Source => definition as unknown as Source;

/** `wav=FOLDER[,pattern=,split=,...]`. */
export function usageOf(name: string, { path, keys }: Source): string {
  const where = path ? (path.optional ? `[=${path.what}]` : `=${path.what}`) : '';
  const settings = Object.keys(keys as object)
    .map((key) => `${key}=`)
    .join(',');
  return `${name}${where}${settings ? `[${path ? ',' : ':'}${settings}]` : ''}`;
}

/** Loads what a spec names from its source. Throws a usage error for a path that is missing, or that it does not take. */
export function loadFrom(found: Source, spec: Spec, options: LoadOptions): Dataset | Promise<Dataset> {
  const usage = `it is written ${usageOf(spec.name, found)}`;
  if (spec.path === undefined && found.path && !found.path.optional)
    throw new SpikeletError(
      `dataset '${spec.name}' needs a ${found.path.what === 'FOLDER' ? 'folder' : 'path'}`,
      {
        hint: usage,
        code: exitCode.usage,
      },
    );
  if (spec.path !== undefined && !found.path)
    throw new SpikeletError(`dataset '${spec.name}' takes no folder`, { hint: usage, code: exitCode.usage });
  return found.load(spec.path, settingsOf(spec, found.keys as Keys<unknown>), options);
}
