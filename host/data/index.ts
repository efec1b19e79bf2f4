import { type Dataset, exitCode, SpikeletError } from '../../models/index.js';
import { csv } from './sources/csv.js';
import { events } from './sources/events.js';
import { fashionMnist } from './sources/fashion-mnist.js';
import { gestures } from './sources/gestures.js';
import { idx } from './sources/idx.js';
import { images } from './sources/images.js';
import { type LoadOptions, loadFrom, type Source, usageOf } from './sources/source.js';
import { wav } from './sources/wav.js';
import { parseSpec } from './spec.js';

export { checkDataset, countLabels } from './check.js';
export { readImage, readImageEval, readNetImage } from './image.js';
export type { LoadOptions } from './sources/source.js';

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

/** How every source is named, for help and for hints. */
export const usages = (): string =>
  Object.entries(sources)
    .map(([name, source]) => usageOf(name, source))
    .join(', ');

/**
 * The data that `text` names: `gestures`, `gestures:seed=3`, `fashion-mnist=DIR`, `wav=DIR,pattern=fsdd`.
 * @throws SpikeletError where the name is unknown (listing the known ones) or the data cannot be had.
 */
export async function loadDataset(text: string, options: LoadOptions = {}): Promise<Dataset> {
  const spec = parseSpec(text);
  const found = Object.hasOwn(sources, spec.name) ? sources[spec.name] : undefined;
  if (!found)
    throw new SpikeletError(`unknown dataset '${spec.name}'`, {
      hint: `known datasets: ${usages()}`,
      code: exitCode.usage,
    });
  return loadFrom(found, spec, options);
}
