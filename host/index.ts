/** What programs may import from 'spikelet'. */

export { planModel } from '../wasm/plan-model.js';
export { type Config, defineConfig } from './cli/config.js';
export { loadDataset } from './data/index.js';
export { verifyWasm } from './run/verify.js';
export { emitBuild } from './wasm/build.js';
export { loadWasm } from './wasm/load.js';
