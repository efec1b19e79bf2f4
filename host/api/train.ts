import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { Dataset } from '../../models/dataset.js';
import type { Net } from '../../models/net.js';
import { createNet, type ZooOptions } from '../../models/zoo/index.js';
import type { BackendName, Evaluation, Training, TrainResult } from '../train/index.js';
import { requireTraining } from '../train/packages.js';

/**
 * A fresh Net for a dataset's images and classes.
 * @param model An architecture: a key of `zoo`.
 * @param options Sizes of the architecture, and the `seed` of the weights (default 1).
 * @throws SpikeletError where there is no such architecture, or its sizes do not fit the images.
 */
export function netFor(
  data: Dataset,
  model: string,
  { seed = 1, ...options }: ZooOptions & { seed?: number } = {},
): Net {
  const generator = xoroshiro128plus(seed);
  const input = { shape: data.shape, mean: data.mean, std: data.std };
  const net = createNet(model, input, data.classes, () => uniformFloat64(generator), options);
  return { ...net, ...frontEndOf(data) };
}

/** A net's front end is that of the data it learns from. */
const frontEndOf = ({ frontEnd }: Dataset) => (frontEnd ? { frontEnd } : {});

/** A trained Net that is tuned on other data sees it with that data's own mean and deviation. */
export const netOn = (data: Dataset, net: Net): Net => ({
  ...net,
  input: { shape: net.input.shape, mean: data.mean, std: data.std },
  ...frontEndOf(data),
});

export type TrainRun = Training & {
  /** Default: `gpu` where it loads, else `wasm`. */
  backend?: BackendName;
};

/**
 * Trains a Net on a dataset with AdamW under a one-cycle schedule, on TensorFlow.js, which is loaded now. The Net that is
 * given stays as it is; the same net, data, options and backend give the same parameters, bit for bit.
 * @param run `options` (see `trainDefaults`), a state to `resume`, a `signal` that ends it, and who hears of steps and epochs.
 * @returns The Net after the last whole epoch, and the state from which training goes on.
 * @throws SpikeletError where TensorFlow.js is missing, an option is out of range, or the loss is not finite.
 */
export async function train(
  net: Net,
  data: Dataset,
  { backend, ...run }: TrainRun = {},
): Promise<TrainResult> {
  const training = await startTraining(backend);
  return training.train(net, data, run);
}

/**
 * Accuracy and spike density of a Net over the test images of a dataset, in floating point.
 * @throws SpikeletError where TensorFlow.js is missing, or the images are not the net's.
 */
export async function evaluate(
  net: Net,
  data: Dataset,
  { backend, ...options }: { batch?: number; backend?: BackendName } = {},
): Promise<Evaluation> {
  const training = await startTraining(backend);
  return training.evaluate(net, data.test, options);
}

/** TensorFlow.js with a backend that runs. Throws a SpikeletError with the install line where it is missing. */
export async function startTraining(
  wanted?: BackendName,
): Promise<typeof import('../train/index.js') & { backend: BackendName }> {
  requireTraining();
  const training = await import('../train/index.js');
  return { ...training, backend: await training.useBackend(wanted) };
}
