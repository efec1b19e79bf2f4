import { readBytes } from '../../../../dist/host/files.js';
import { loadWasm } from '../../../../dist/host/wasm/load.js';
import type { Engine } from './engine.js';

/** A module that spikelet built. It brings all it needs. */
export const spikelet: Engine = async ({ model, images }) => {
  const { infer } = loadWasm(await readBytes(model));
  return { run: (image) => infer(images[image] as Int8Array), threads: 1, runtimeBytes: 0 };
};
