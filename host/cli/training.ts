import { appendFile } from 'node:fs/promises';
import type { Dataset } from '../../models/dataset.js';
import { exitCode, SpikeletError } from '../../models/error.js';
import { writeNet } from '../../models/file.js';
import type { Net } from '../../models/net.js';
import { requireWritable, writeFile } from '../files.js';
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
  backend?: BackendName;
  /** A file to which one JSON line is appended per epoch. */
  metrics?: string;
};

/** One JSON line of metrics. */
export type EpochMetrics = Omit<EpochReport, 'net' | 'state'>;

/**
 * Trains to files: a checkpoint after every epoch, the Net at the end. Ctrl-C stops after the current step, leaves the
 * checkpoint of the last whole epoch and ends with exit code 130, saying how to go on.
 */
export async function trainToFile(run: TrainingRun, io: Io): Promise<{ net: Net; epochs: EpochMetrics[] }> {
  await requireWritable(run.out);
  const { train, useBackend } = await import('../train/index.js');
  const backend = await useBackend(run.backend);
  io.note(`training ${run.net.name} on ${run.data.name} (${run.data.train.count} images, tfjs ${backend})`);
  const checkpoint = checkpointPath(run.out);
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
        if (run.metrics) await appendMetrics(run.metrics, metrics);
        if (io.json) process.stdout.write(`${JSON.stringify(metrics)}\n`);
        io.print(epochLine(metrics));
      },
    });
    bar.done();
    if (aborted) {
      await writeFile(checkpoint, writeCheckpoint({ net, state, data: run.dataSpec }));
      throw new SpikeletError(
        `stopped; ${state.progress.epoch} of ${state.progress.options.epochs} epochs are saved`,
        {
          hint: `go on with: spikelet train --resume ${checkpoint} --out ${run.out}`,
          code: exitCode.interrupted,
        },
      );
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

async function appendMetrics(path: string, metrics: EpochMetrics): Promise<void> {
  try {
    await appendFile(path, `${JSON.stringify(metrics)}\n`);
  } catch (cause) {
    throw new SpikeletError(`cannot write the metrics to ${path}`, { hint: 'check --metrics', cause });
  }
}
