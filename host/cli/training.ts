import type { Dataset } from '../../models/dataset.js';
import { SpikeletError } from '../../models/error.js';
import { writeNet } from '../../models/file.js';
import type { Net } from '../../models/net.js';
import { startTraining } from '../api/train.js';
import { duration, percent } from '../report/text.js';
import { type JsonLines, openLines } from '../system/json-lines.js';
import { hold } from '../system/lock.js';
import { output } from '../system/output.js';
import { checkpointPath, writeCheckpoint } from '../train/checkpoint.js';
import type { BackendName, EpochReport, train as Train, TrainOptions, TrainState } from '../train/index.js';
import { interruptible } from './interrupt.js';
import type { Io } from './io.js';

export type TrainingRun = {
  net: Net;
  data: Dataset;
  /** The user's name for the data, stored in checkpoints. */
  dataSpec: string;
  out: string;
  options?: Partial<TrainOptions>;
  resume?: TrainState;
  /** The checkpoint that `resume` was read from. */
  resumedFrom?: string;
  backend?: BackendName;
  /** File that gets one JSON line per epoch. */
  metrics?: string;
  /** The Net to start from. */
  init?: string;
  /** Overwrite the outputs, whatever they are. */
  force?: boolean;
};

/** One JSON line of metrics. */
export type EpochMetrics = Omit<EpochReport, 'net' | 'state'>;

/**
 * Trains to files: a checkpoint after every epoch, the Net at the end. Ctrl-C stops after the current step,
 * leaves the checkpoint of the last whole epoch and ends with exit code 130 (SIGTERM: 143), saying how to
 * resume.
 */
export async function trainToFile(run: TrainingRun, io: Io): Promise<{ net: Net; epochs: EpochMetrics[] }> {
  const release = await hold(run.out);
  try {
    const outputs = await outputsOf(run);
    try {
      return await trainTo(outputs, run, io);
    } finally {
      await outputs.metrics?.close();
    }
  } finally {
    release();
  }
}

type Outputs = {
  checkpoint: string;
  writeNet: (contents: Uint8Array) => Promise<void>;
  writeCheckpoint: (contents: Uint8Array) => Promise<void>;
  metrics: JsonLines | undefined;
};

async function outputsOf({ out, init, resumedFrom, metrics, force }: TrainingRun): Promise<Outputs> {
  const checkpoint = checkpointPath(out);
  return {
    checkpoint,
    writeNet: await output(out, { kind: 'net', inputs: [init, resumedFrom], force }),
    // A resumed run continues in the checkpoint that it came from.
    writeCheckpoint: await output(checkpoint, { kind: 'checkpoint', inputs: [init], force }),
    metrics:
      metrics === undefined
        ? undefined
        : await openLines(metrics, {
            what: 'the metrics',
            flag: '--metrics',
            inputs: [init, resumedFrom, out],
            force,
            take: isMetrics,
            isStart: (text) => text.startsWith(METRICS_START) || METRICS_START.startsWith(text),
          }),
  };
}

const METRICS_START = '{"epoch":';

function isMetrics(line: string): boolean {
  try {
    const { epoch, loss } = JSON.parse(line) as Partial<EpochMetrics>;
    return (
      line.startsWith(METRICS_START) && Number.isInteger(epoch) && (loss === null || typeof loss === 'number')
    );
  } catch {
    return false;
  }
}

async function trainTo(
  outputs: Outputs,
  run: TrainingRun,
  io: Io,
): Promise<{ net: Net; epochs: EpochMetrics[] }> {
  io.note('starting TensorFlow.js');
  const { train, backend } = await startTraining(run.backend);
  io.note(`training ${run.net.name} on ${run.data.name} (${run.data.train.count} images, tfjs ${backend})`);
  const started = (interrupt: AbortSignal) => trainEpochs(outputs, run, { train, interrupt }, io);
  return interruptible(started, () => io.note('stopping after this step; once more stops at once'));
}

async function trainEpochs(
  outputs: Outputs,
  run: TrainingRun,
  { train, interrupt }: { train: typeof Train; interrupt: AbortSignal },
  io: Io,
): Promise<{ net: Net; epochs: EpochMetrics[] }> {
  const epochs: EpochMetrics[] = [];
  let bar = io.progress('epoch 1');
  let epochShown = 0;
  try {
    const { net, state, aborted } = await train(run.net, run.data, {
      ...(run.options ? { options: run.options } : {}),
      ...(run.resume ? { resume: run.resume } : {}),
      signal: interrupt,
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
        await outputs.writeCheckpoint(writeCheckpoint({ net, state, data: run.dataSpec }));
        await outputs.metrics?.append(JSON.stringify(metrics));
        io.emit(metrics);
        io.print(epochLine(metrics));
      },
    });
    bar.done();
    if (aborted) {
      const { epoch } = state.progress;
      // An epoch may have ended just as Ctrl-C came. A run that finished none does not overwrite older
      // checkpoints.
      const anew = epoch > (run.resume?.progress.epoch ?? 0);
      if (anew) await outputs.writeCheckpoint(writeCheckpoint({ net, state, data: run.dataSpec }));
      const saved = anew ? outputs.checkpoint : run.resumedFrom;
      const code: number = interrupt.reason;
      throw interrupted(run, saved, [epoch, state.progress.options.epochs], code);
    }
    await outputs.writeNet(writeNet(net));
    return { net, epochs };
  } finally {
    bar.done();
  }
}

const epochLine = (m: EpochMetrics): string =>
  `epoch ${m.epoch}/${m.epochs}  loss ${m.loss.toFixed(3)}  train ${percent(m.trainAccuracy)}  ` +
  `test ${percent(m.testAccuracy, 2)}  density ${percent(m.density)}  ${duration(m.seconds)}`;

function interrupted(
  run: TrainingRun,
  checkpoint: string | undefined,
  [epoch, epochs]: [number, number],
  code: number,
): SpikeletError {
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

/** A path quoted for a shell. */
const quoted = (path: string): string =>
  /^[\w./=:@%+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
