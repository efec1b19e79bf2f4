import { existsSync } from 'node:fs';
import { labelled } from '../../models/error.js';
import { readBytes } from '../system/files.js';
import { loadThreads, loadWasm, type ThreadedModel, type WasmModel } from './load.js';

/** The weights file of a module, if it has one. */
const weightsPath = (module: string): string => module.replace(/(\.wasm)?$/, '.weights.bin');

/**
 * Loads the module in a file, with its weights file if there is one, or a module for several threads, which
 * stay alive.
 */
export async function openWasm(
  path: string,
  threads = 1,
): Promise<WasmModel & Partial<Pick<ThreadedModel, 'close'>>> {
  if (threads > 1) return loadThreads(await readBytes(path), threads);
  const [bytes, weights] = [await readBytes(path), weightsPath(path)];
  const outside = existsSync(weights) ? await readBytes(weights) : undefined;
  return labelled(path, () => loadWasm(bytes, outside));
}
