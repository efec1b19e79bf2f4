import { readBytes } from '../../../../dist/host/system/files.js';
import { loadThreads, loadWasm } from '../../../../dist/host/wasm/load.js';
import type { Engine } from './engine.js';

/** A module that spikelet built. It brings all it needs. */
export const spikelet: Engine = async ({ model, images, threads }) => {
  const bytes = await readBytes(model);
  const { infer } = threads > 1 ? await loadThreads(bytes, threads) : loadWasm(bytes);
  return { run: (image) => infer(images[image] as Int8Array), threads, runtimeBytes: 0 };
};
