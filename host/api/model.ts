import type { Graph, Net, OutputFile } from '../../models/index.js';
import { readNetImage } from '../data/index.js';
import { builtModel, graphModel, netModel, openRunner, PATIENCE, type Runner } from '../run/open-model.js';

/** A model that runs: `logits(raw)` of raw u8 pixels [row][column][channel], in the float network's unit. */
export type Model = Runner;

export type OpenOptions = {
  /** Threads that share an image; of a folder whose build has them. */
  threads?: number;
  /** Seconds that loading a module, or one image in it, may take. */
  timeout?: number;
};

/**
 * Opens a model to run it here: a Net in floating point, a Graph under the reference interpreter, a build's module. Call
 * `close()`, where it has one, when you are done.
 * @param model A Net, a Graph, the files of a build for `wasm`, or a path: a file of these, model.wasm, or a build's folder.
 * @throws SpikeletError if it is not one of these, or damaged.
 */
export async function openModel(
  model: string | Net | Graph | OutputFile[],
  { threads = 1, timeout = PATIENCE }: OpenOptions = {},
): Promise<Model> {
  if (typeof model === 'string') return openRunner(model, threads, timeout);
  if (Array.isArray(model)) return builtModel(model);
  return 'tensors' in model ? graphModel(model) : netModel(model);
}

/**
 * Reads a PNG, JPEG or WebP as a model sees it.
 * @returns Raw pixels, u8 [row][column][channel], to give to `logits`.
 */
export const readImage = (path: string, model: Pick<Model, 'shape'>): Promise<Uint8Array> =>
  readNetImage(path, model.shape);
