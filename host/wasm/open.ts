import { existsSync } from 'node:fs';
import { labelled } from '../../models/error.js';
import { readBytes } from '../system/files.js';
import { loadThreads, loadWasm, type ThreadedModel, type WasmModel } from './load.js';

/** Beside model.wasm: the constants of a model that reads them from outside of its memory. */
const weightsBeside = (module: string): string => module.replace(/(\.wasm)?$/, '.weights.bin');

/** Loads the module in a file, with the weights beside it if it has any there; or one for several threads, which run on. */
export async function openWasm(
  path: string,
  threads = 1,
): Promise<WasmModel & Partial<Pick<ThreadedModel, 'close'>>> {
  if (threads > 1) return loadThreads(await readBytes(path), threads);
  const [bytes, weights] = [await readBytes(path), weightsBeside(path)];
  const outside = existsSync(weights) ? await readBytes(weights) : undefined;
  return labelled(path, () => loadWasm(bytes, outside));
}
