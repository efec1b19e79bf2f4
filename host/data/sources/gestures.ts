import { checkDataset } from '../check.js';
import { type GestureOptions, gestures as simulate } from '../gestures.js';
import { wholeNumber } from '../spec.js';
import { source } from './source.js';

/** Eight hand motions before a simulated event camera. */
export const gestures = source<GestureOptions>({
  keys: {
    seed: wholeNumber(0, 2 ** 31 - 1),
    train: wholeNumber(8, 100_000),
    test: wholeNumber(8, 100_000),
  },
  load: (_path, settings) => checkDataset(simulate(settings)),
});
