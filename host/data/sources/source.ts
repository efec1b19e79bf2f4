import type { Dataset } from '../../../models/dataset.js';
import type { FrontEnd } from '../../../models/frontends/index.js';
import { usageError } from '../../system/usage.js';
import type { ImageInput } from '../images.js';
import { parseSource, type Settings, type Values } from '../settings.js';

/** What is known of some data before any image of it is read. */
export type Looks = Pick<Dataset, 'name' | 'shape' | 'classes'>;

/** The net that data is for: its image and classes, and the front end with which it takes raw signals. */
export type DataInput = ImageInput & { frontEnd?: FrontEnd };

export type LoadOptions = {
  /** Told about downloads and how ambiguous files and folders were read. */
  log?: (line: string) => void;
  /** The net that the data is for, if there is one. */
  input?: DataInput;
  /** The most images to take, for a net that exists already. */
  limit?: number;
  /** Throws if a model does not take such images or has other classes: asked before data that takes long is read. */
  fits?: (data: Looks) => void;
};

/** A kind of data; one file each. */
export type Source<S extends Settings = Settings> = {
  /** The folder behind =: needed, possible, or never there. */
  folder: 'needed' | 'optional' | 'none';
  settings: S;
  /** How its images look without a folder. */
  looks?: Looks;
  load(folder: string, values: Values<S>, options: LoadOptions): Dataset | Promise<Dataset>;
};

/** Ties a source's settings to its own `load`, for a table of sources with different settings. */
export const source = <S extends Settings>(definition: Source<S>): Source => definition as unknown as Source;

/** `wav=FOLDER[,pattern=...,split=80/10/10]`. */
export function usageOf(name: string, { folder, settings }: Source): string {
  const where = { needed: '=FOLDER', optional: '[=FOLDER]', none: '' }[folder];
  const known = Object.values(settings)
    .map(({ usage }) => usage)
    .join(',');
  return `${name}${where}${known ? `[${folder === 'none' ? ':' : ','}${known}]` : ''}`;
}

/**
 * Loads `NAME`, `NAME=FOLDER,key=value` or, of a source without a folder, `NAME:key=value`; `rest` is what follows the name.
 * @throws SpikeletError (code 2) for a folder that is missing or not taken, and for settings that are not known.
 */
export async function loadFrom(
  name: string,
  found: Source,
  rest: string,
  options: LoadOptions,
): Promise<Dataset> {
  const usage = (message: string) => usageError(message, `it is written ${usageOf(name, found)}`);
  const alone = found.folder === 'none';
  if (rest === '' && found.folder === 'needed') throw usage(`dataset '${name}' needs a folder`);
  if (rest.startsWith('=') && alone) throw usage(`dataset '${name}' takes no folder`);
  if (rest.startsWith(':') && !alone) throw usage(`dataset '${name}' takes no settings behind :`);
  // The settings of a source without a folder follow its name, as others follow the folder.
  const spec = alone ? `${name},${rest.slice(1)}` : rest.slice(1);
  const { path, values } = rest === '' ? { path: '', values: {} } : parseSource(spec, name, found.settings);
  if (alone && rest && path !== name) throw usage(`dataset '${name}': cannot read '${rest}'`);
  const folder = alone ? '' : path;
  if (found.looks && !folder) options.fits?.(found.looks);
  const data = await found.load(folder, values, options);
  options.fits?.(data);
  return data;
}
