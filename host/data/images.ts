import type { Dataset, Split } from '../../models/dataset.js';
import { product, type Shape } from '../../models/tensor.js';
import { type ClassNames, type ImageFile, listImages } from './folder.js';
import { readNetImage } from './image.js';

/** The net that a folder of images is read for: its files have any size, its classes come from their folders. */
export type ImageInput = {
  shape: Shape;
  mean: number[];
  std: number[];
  classes: string[];
  ids?: ClassNames['ids'];
};

/**
 * At most `limit` images of a folder, spread evenly over it, as a Dataset for `input`; training and test images are the
 * same. Images that lie in no class folder have the label 0, and the dataset says that it is `unlabelled`.
 */
export async function readImageFolder(folder: string, input: ImageInput, limit: number): Promise<Dataset> {
  const { shape, mean, std, classes, ids } = input;
  const files = await listImages(folder, { names: classes, ...(ids ? { ids } : {}) });
  const count = Math.min(limit, files.length);
  const chosen = Array.from({ length: count }, (_, i) => files[Math.floor((i * files.length) / count)]!);
  const split = await readSplit(chosen, shape);
  const unlabelled = chosen.some(({ label }) => label === undefined);
  return { name: folder, shape, classes, mean, std, unlabelled, train: split, test: split };
}

async function readSplit(files: ImageFile[], shape: Shape): Promise<Split> {
  const images = new Uint8Array(files.length * product(shape));
  for (const [i, { path }] of files.entries())
    images.set(await readNetImage(path, shape), i * product(shape));
  return { count: files.length, images, labels: Uint16Array.from(files, ({ label }) => label ?? 0) };
}
