import { appendFile } from 'node:fs/promises';
import type { Dataset } from '../../models/dataset.js';
import { exitCode, SpikeletError } from '../../models/error.js';
import { writeNet } from '../../models/file.js';
import type { Net } from '../../models/net.js';
import { reasonOf, requireWritable, writeFile } from '../files.js';
import { duration, percent } from '../report/text.js';
import type { BackendName, EpochReport, TrainOptions, TrainState } from '../train/index.js';
import { checkpointPath, writeCheckpoint } from './checkpoint.js';
import type { Io } from './io.js';

export type TrainingRun = {
  net: Net;
  data: Dataset;
  /** How the user named the data: a checkpoint remembers it. */
  dataSpec: string;
  out: string;
  options?: Partial<TrainOptions>;
  resume?: TrainState;
  /** The checkpoint that `resume` comes from. */
  resumedFrom?: string;
  backend?: BackendName;
  /** A file to which one JSON line is appended per epoch. */
  metrics?: string;
};

/** One JSON line of metrics. */
export type EpochMetrics = Omit<EpochReport, 'net' | 'state'>;

/** Throws a SpikeletError with the install line where training's packages are missing. */
export const requireTraining = async (): Promise<void> =>
  (await import('../train/packages.js')).requireTraining();

/**
 * Trains to files: a checkpoint after every epoch, the Net at the end. Ctrl-C stops after the current step, leaves the
 * checkpoint of the last whole epoch and ends with exit code 130, saying how to go on.
 */
export async function trainToFile(run: TrainingRun, io: Io): Promise<{ net: Net; epochs: EpochMetrics[] }> {
  const checkpoint = checkpointPath(run.out);
  await requireWritable(run.out);
  await requireWritable(checkpoint);
  if (run.metrics) await append(run.metrics, '');
  const { train, useBackend } = await import('../train/index.js');
  const backend = await useBackend(run.backend);
  io.note(`training ${run.net.name} on ${run.data.name} (${run.data.train.count} images, tfjs ${backend})`);
  const interrupt = new AbortController();
  const onInterrupt = (): void => {
    io.note('\nstopping after this step ...');
    interrupt.abort();
  };
  process.once('SIGINT', onInterrupt);
  const epochs: EpochMetrics[] = [];
  let bar = io.progress('epoch 1');
  let epochShown = 0;
  try {
    const { net, state, aborted } = await train(run.net, run.data, {
      ...(run.options ? { options: run.options } : {}),
      ...(run.resume ? { resume: run.resume } : {}),
      signal: interrupt.signal,
      onStep(step) {
        if (step.epoch !== epochShown) {
          epochShown = step.epoch;
          bar = io.progress(`epoch ${step.epoch}/${step.epochs}`);
        }
        const speed = `${Math.round(step.samplesPerSecond)} samples/s`;
        bar.update(
          step.step,
          step.steps,
          `loss ${step.loss.toFixed(3)}  ${percent(step.accuracy)}  ${speed}`,
        );
      },
      async onEpoch({ net, state, ...metrics }) {
        bar.done();
        epochs.push(metrics);
        await writeFile(checkpoint, writeCheckpoint({ net, state, data: run.dataSpec }));
        if (run.metrics) await append(run.metrics, `${JSON.stringify(metrics)}\n`);
        if (io.json) process.stdout.write(`${JSON.stringify(metrics)}\n`);
        io.print(epochLine(metrics));
      },
    });
    bar.done();
    if (aborted) {
      const { epoch } = state.progress;
      // An epoch may have ended in the very moment of Ctrl-C. A run without one leaves older checkpoints alone.
      const anew = epoch > (run.resume?.progress.epoch ?? 0);
      if (anew) await writeFile(checkpoint, writeCheckpoint({ net, state, data: run.dataSpec }));
      throw interrupted(run, anew ? checkpoint : run.resumedFrom, epoch, state.progress.options.epochs);
    }
    await writeFile(run.out, writeNet(net));
    return { net, epochs };
  } finally {
    bar.done();
    process.off('SIGINT', onInterrupt);
  }
}

const epochLine = (m: EpochMetrics): string =>
  `epoch ${m.epoch}/${m.epochs}  loss ${m.loss.toFixed(3)}  train ${percent(m.trainAccuracy)}  ` +
  `test ${percent(m.testAccuracy, 2)}  density ${percent(m.density)}  ${duration(m.seconds)}`;

async function append(path: string, text: string): Promise<void> {
  try {
    await appendFile(path, text);
  } catch (cause) {
    throw new SpikeletError(`cannot write the metrics to ${path}: ${reasonOf(cause)}`, {
      hint: 'choose another place with --metrics',
      cause,
    });
  }
}

function interrupted(
  run: TrainingRun,
  checkpoint: string | undefined,
  epoch: number,
  epochs: number,
): SpikeletError {
  const code = exitCode.interrupted;
  if (!checkpoint)
    return new SpikeletError('stopped before the first epoch was done; nothing was saved', {
      hint: 'run the same command again',
      code,
    });
  const more = run.metrics ? ` --metrics ${quoted(run.metrics)}` : '';
  return new SpikeletError(`stopped; ${epoch} of ${epochs} epochs are saved`, {
    hint: `go on with: spikelet train --resume ${quoted(checkpoint)} --out ${quoted(run.out)}${more}`,
    code,
  });
}

/** A path as a shell reads it. */
const quoted = (path: string): string =>
  /^[\w./=:@%+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
