export { type BackendName, useBackend } from './backend.js';
export { type Evaluation, evaluate } from './evaluate.js';
export { firingWeights } from './firing.js';
export { type TrainOptions, trainDefaults } from './options.js';
export type { TrainState } from './state.js';
export { type EpochReport, type StepReport, type Training, type TrainResult, train } from './train.js';
