import { type Dataset, exitCode, type Net, SpikeletError } from '../../models/index.js';
import type { Augmentation } from './augment.js';

export type TrainOptions = Augmentation & {
  epochs: number;
  /** Images per step; an incomplete last batch of an epoch is dropped. */
  batch: number;
  /** Highest learning rate of the one-cycle schedule. */
  learningRate: number;
  weightDecay: number;
  labelSmoothing: number;
  /** Fraction of all steps in which the learning rate rises. */
  warmUp: number;
  seed: number;
  /**
   * Strength of the firing penalty: strength * sum over neurons of w * mean spike count is added to the loss,
   * with w the neuron's fraction of the MACs (`firingWeights`). About 0.6 halves the spikes within 4 epochs;
   * 0 turns it off.
   */
  firingPenalty: number;
};

export const trainDefaults: TrainOptions = {
  epochs: 4,
  batch: 128,
  learningRate: 4e-3,
  weightDecay: 1e-2,
  labelSmoothing: 0.05,
  warmUp: 0.2,
  flip: false,
  shift: 0,
  seed: 1,
  firingPenalty: 0,
};

type Range = { from: number; to: number; integer?: true };

const ranges: Record<Exclude<keyof TrainOptions, 'flip'>, Range> = {
  epochs: { from: 1, to: 1e6, integer: true },
  batch: { from: 2, to: 65536, integer: true },
  learningRate: { from: 1e-12, to: 1e3 },
  weightDecay: { from: 0, to: 1e3 },
  labelSmoothing: { from: 0, to: 0.999 },
  warmUp: { from: 0, to: 0.999 },
  shift: { from: 0, to: 1024, integer: true },
  seed: { from: -(2 ** 31), to: 2 ** 32 - 1, integer: true },
  firingPenalty: { from: 0, to: 1e6 },
};

/** Throws if an option is out of range, or net and dataset do not match. */
export function checkTraining(net: Net, data: Dataset, options: TrainOptions): void {
  const fail = (message: string, hint: string) => {
    throw new SpikeletError(message, { hint, code: exitCode.usage });
  };
  for (const [name, { from, to, integer }] of Object.entries(ranges)) {
    const value = options[name as keyof typeof ranges];
    if (!(value >= from && value <= to) || (integer && !Number.isInteger(value)))
      fail(`${name} is ${value}`, `use ${integer ? 'an integer' : 'a number'} from ${from} to ${to}`);
  }
  if (String(net.input.shape) !== String(data.shape))
    fail(
      `net '${net.name}' takes images of ${net.input.shape.join('x')} but dataset '${data.name}' has ${data.shape.join('x')}`,
      'create the net for this dataset',
    );
  if (net.classes.length !== data.classes.length)
    fail(
      `net '${net.name}' has ${net.classes.length} classes, but dataset '${data.name}' has ${data.classes.length}`,
      'create the net for this dataset',
    );
  if (data.train.count < 2 || data.test.count < 1)
    fail(
      `dataset '${data.name}' has ${data.train.count} training and ${data.test.count} test images`,
      'training needs at least 2 and 1',
    );
}
