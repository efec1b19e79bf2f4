import { type Dataset, type Net, SpikeletError } from '../../models/index.js';
import { adamStep } from './adamw.js';
import { batchMaker, epochRandom, permutation } from './augment.js';
import { ensureBackend } from './backend.js';
import { evaluateValues } from './evaluate.js';
import { firingWeights } from './firing.js';
import { checkTrainable } from './forward.js';
import { checkTraining, type TrainOptions, trainDefaults } from './options.js';
import { oneCycle, rampedPenalty } from './schedule.js';
import { loadRun, type Run, saveRun, startRun, type TrainState } from './state.js';
import { gradientStep, updateRunning } from './step.js';

/** Epochs count from 1, steps from 1 within their epoch. */
export type StepReport = {
  epoch: number;
  epochs: number;
  step: number;
  steps: number;
  /** Loss of this step's batch, including the penalty. */
  loss: number;
  /** Over this epoch so far, 0..1. */
  accuracy: number;
  learningRate: number;
  /** Over this epoch so far. */
  samplesPerSecond: number;
};

export type EpochReport = {
  epoch: number;
  epochs: number;
  /** Mean over the epoch's steps, including the penalty. */
  loss: number;
  /** The part of `loss` that is firing penalty. */
  penalty: number;
  trainAccuracy: number;
  testAccuracy: number;
  /** On the test images, weighted by MACs (see `Evaluation`). */
  density: number;
  /** Duration of the training steps, without the test. */
  seconds: number;
  net: Net;
  state: TrainState;
};

export type Training = {
  /**
   * Missing options come from `trainDefaults`; with `resume`, all of them come from there and cannot be
   * changed.
   */
  options?: Partial<TrainOptions>;
  resume?: TrainState;
  /** An AbortSignal; ends the run after the current step. */
  signal?: { readonly aborted: boolean };
  onStep?: (report: StepReport) => void;
  /** Awaited, so that a state is saved before the next epoch begins. */
  onEpoch?: (report: EpochReport) => void | Promise<void>;
};

export type TrainResult = {
  /** After the last completed epoch. */
  net: Net;
  /**
   * After the last completed epoch; `resume` continues from here with the same numbers as an uninterrupted
   * run.
   */
  state: TrainState;
  /** Whether the signal ended the run; steps of an unfinished epoch are not in `net` and `state`. */
  aborted: boolean;
};

/**
 * Trains a Net on a dataset with AdamW and a one-cycle schedule. The given Net is not changed. The same net,
 * data, options and backend give the same parameters, bit for bit, interrupted or not.
 */
export async function train(net: Net, data: Dataset, training: Training = {}): Promise<TrainResult> {
  const { resume, signal } = training;
  const options = resume?.progress.options ?? { ...trainDefaults, ...training.options };
  checkTraining(net, data, options);
  checkTrainable(net);
  await ensureBackend();
  const run = resume ? loadRun(net, resume) : startRun(net);
  let state = saveRun(net, run, options);
  const result = (aborted: boolean): TrainResult => {
    const params = new Map([...net.params.keys()].map((name) => [name, state.tensors.get(name)!]));
    return { net: { ...net, params }, state, aborted };
  };
  while (run.epoch < options.epochs) {
    const means = await trainEpoch(net, data, run, options, training);
    if (!means) return result(true);
    run.epoch++;
    state = saveRun(net, run, options);
    const tested = await evaluateValues(net, run.values, data.test, { signal });
    if (!tested) return result(true);
    await training.onEpoch?.({
      ...{ epoch: run.epoch, epochs: options.epochs, ...means },
      ...{ testAccuracy: tested.accuracy, density: tested.density, net: result(false).net, state },
    });
  }
  return result(false);
}

type EpochMeans = Pick<EpochReport, 'loss' | 'penalty' | 'trainAccuracy' | 'seconds'>;

/** All steps of one epoch; undefined if the signal ended it early. */
async function trainEpoch(
  net: Net,
  data: Dataset,
  run: Run,
  options: TrainOptions,
  { signal, onStep }: Training,
): Promise<EpochMeans | undefined> {
  const { batch: wanted, epochs, labelSmoothing, weightDecay } = options;
  const batch = Math.min(wanted, data.train.count);
  const steps = Math.floor(data.train.count / batch);
  const random = epochRandom(options.seed, run.epoch);
  const order = permutation(data.train.count, random);
  const makeBatch = batchMaker(net.input, data.train);
  const weights = firingWeights(net);
  const sums = { loss: 0, penalty: 0, correct: 0 };
  const began = performance.now();
  const epoch = run.epoch + 1;
  for (let step = 0; step < steps; step++) {
    // Yield to the event loop, so that signals and timers are served.
    await new Promise(setImmediate);
    if (signal?.aborted) return undefined;
    const at = run.epoch * steps + step;
    const learningRate = oneCycle(at, epochs * steps, options.learningRate, options.warmUp);
    const strength = rampedPenalty(at, epochs * steps, options.firingPenalty);
    const images = makeBatch(order.subarray(step * batch, (step + 1) * batch), { ...options, random });
    const found = gradientStep(net, run.values, images, { labelSmoothing, penalty: { strength, weights } });
    if (!Number.isFinite(found.loss))
      throw new SpikeletError(`the loss is ${found.loss} at step ${step + 1} of epoch ${epoch}`, {
        hint: `lower the learning rate (${options.learningRate}) or raise the batch (${batch})`,
      });
    updateRunning(net, run.values, found.moments);
    adamStep(run.values, run.adam, found.gradients, { learningRate, weightDecay });
    sums.loss += found.loss;
    sums.penalty += found.penalty;
    sums.correct += found.correct;
    const seen = (step + 1) * batch;
    onStep?.({
      ...{ epoch, epochs, step: step + 1, steps, loss: found.loss, learningRate },
      accuracy: sums.correct / seen,
      samplesPerSecond: (1000 * seen) / (performance.now() - began),
    });
  }
  return {
    loss: sums.loss / steps,
    penalty: sums.penalty / steps,
    trainAccuracy: sums.correct / (steps * batch),
    seconds: (performance.now() - began) / 1000,
  };
}
