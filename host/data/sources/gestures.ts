import { checkDataset } from '../check.js';
import { gestureLooks, gestures as simulate } from '../gestures.js';
import { integer } from '../settings.js';
import { source } from './source.js';

/** Eight hand motions before a simulated event camera. */
export const gestures = source({
  folder: 'none',
  settings: {
    seed: integer('seed=1', 0, 2 ** 31 - 1),
    train: integer('train=4000', 8, 100_000),
    test: integer('test=800', 8, 100_000),
  },
  looks: gestureLooks,
  load: (_folder, values) => checkDataset(simulate(values)),
});
