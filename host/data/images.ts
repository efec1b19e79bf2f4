import type { Dataset, Split } from '../../models/dataset.js';
import { SpikeletError } from '../../models/error.js';
import { product, type Shape } from '../../models/tensor.js';
import type { ClassNames } from './class-folders.js';
import { type ImageFile, listImages } from './folder.js';
import { readNetImage } from './image.js';

/**
 * The net that a folder of images is read for: the files may have any size, their classes come from the
 * folders.
 */
export type ImageInput = {
  shape: Shape;
  mean: number[];
  std: number[];
  classes: string[];
  ids?: ClassNames['ids'];
};

/** Most bytes of pixels held at once. */
const MAX_BYTES = 2 ** 30;

/**
 * At most `limit` images of a folder, spread evenly over it, as a Dataset for `input`; training and test
 * images are the same. Images outside class folders get label 0, and the dataset is marked `unlabelled`.
 * @param log told in one line what the folder holds and what was skipped.
 */
export async function readImageFolder(
  folder: string,
  input: ImageInput,
  limit: number,
  log: (line: string) => void = () => {},
): Promise<Dataset> {
  const { shape, mean, std, classes, ids } = input;
  const { files, contents } = await listImages(folder, { names: classes, ...(ids ? { ids } : {}) });
  log(`${folder}: ${contents.summary}`);
  const count = Math.min(limit, files.length);
  if (count * product(shape) > MAX_BYTES)
    throw new SpikeletError(
      `${folder}: ${count} images of ${shape.join(' x ')} take ${count * product(shape)} bytes, the limit is ${MAX_BYTES}`,
      { hint: `take at most ${Math.floor(MAX_BYTES / product(shape))} of them: --count` },
    );
  const chosen = Array.from({ length: count }, (_, i) => files[Math.floor((i * files.length) / count)]!);
  const split = await readSplit(chosen, shape);
  const unlabelled = chosen.some(({ label }) => label === undefined);
  return { name: folder, shape, classes, mean, std, unlabelled, source: contents, train: split, test: split };
}

async function readSplit(files: ImageFile[], shape: Shape): Promise<Split> {
  const images = new Uint8Array(files.length * product(shape));
  for (const [i, { path }] of files.entries())
    images.set(await readNetImage(path, shape), i * product(shape));
  return { count: files.length, images, labels: Uint16Array.from(files, ({ label }) => label ?? 0) };
}
