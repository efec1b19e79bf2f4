import type { Dataset } from '../../models/index.js';
import { usageError } from '../system/usage.js';
import { csv } from './sources/csv.js';
import { events } from './sources/events.js';
import { fashionMnist } from './sources/fashion-mnist.js';
import { gestures } from './sources/gestures.js';
import { idx } from './sources/idx.js';
import { images } from './sources/images.js';
import { type LoadOptions, loadFrom, type Source, usageOf } from './sources/source.js';
import { wav } from './sources/wav.js';

export { checkDataset, countLabels } from './check.js';
export { readImage, readImageEval, readNetImage } from './image.js';
export type { LoadOptions, Looks } from './sources/source.js';

/** Every source of data by name. */
export const sources: Record<string, Source> = {
  gestures,
  'fashion-mnist': fashionMnist,
  idx,
  images,
  wav,
  csv,
  events,
};

/** The specs of all sources, for help and hints. */
export const usages = (): string =>
  Object.entries(sources)
    .map(([name, found]) => usageOf(name, found))
    .join(', ');

/**
 * The data that `spec` names: `gestures`, `gestures:seed=3`, `fashion-mnist=DIR`, `wav=DIR,pattern=fsdd`.
 * @throws SpikeletError if the name is unknown (listing the known ones) or the data cannot be loaded.
 */
export async function loadDataset(spec: string, options: LoadOptions = {}): Promise<Dataset> {
  const [, name = '', rest = ''] = /^([^:=]*)(.*)$/s.exec(spec) ?? [];
  const found = Object.hasOwn(sources, name) ? sources[name] : undefined;
  if (!found) throw usageError(`unknown dataset '${name}'`, `known datasets: ${usages()}`);
  return loadFrom(name, found, rest, options);
}
