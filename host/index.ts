/** What programs may import from 'spikelet'. */
export { type Config, defineConfig } from './config.js';
export { loadDataset } from './data/index.js';
export { verifyWasm } from './verify.js';
export { emitBuild } from './wasm/build.js';
export { loadWasm } from './wasm/load.js';
