import { z } from 'zod';
import { SpikeletError } from '../../models/error.js';
import { netMetadata, netOf } from '../../models/file.js';
import { frontEndTensors } from '../../models/frontends/tensors.js';
import type { Net } from '../../models/net.js';
import { readSafetensors, writeSafetensors } from '../../models/safetensors.js';
import { formatOf } from '../system/output.js';
import type { TrainState } from './state.js';

/**
 * A run of training between two epochs: the Net so far, the optimiser's state, and which data it learns from.
 */
export type Checkpoint = { net: Net; state: TrainState; data: string };

const FORMAT = formatOf('checkpoint');
const MOMENTS = /^adam\./;

const progressSchema = z.strictObject({
  epoch: z.int().min(0),
  steps: z.int().min(0),
  options: z.strictObject({
    epochs: z.number(),
    batch: z.number(),
    learningRate: z.number(),
    weightDecay: z.number(),
    labelSmoothing: z.number(),
    warmUp: z.number(),
    flip: z.boolean(),
    shift: z.number(),
    seed: z.number(),
    firingPenalty: z.number(),
  }),
});

/** Where the checkpoints of a run that writes `out` are. */
export const checkpointPath = (out: string): string =>
  `${out.replace(/\.safetensors$/, '')}.checkpoint.safetensors`;

/** A .safetensors file that holds the Net's parameters and, as `adam.*`, the optimiser's moments. */
export const writeCheckpoint = ({ net, state, data }: Checkpoint): Uint8Array =>
  writeSafetensors(new Map([...state.tensors, ...frontEndTensors(net)]), {
    ...netMetadata(net),
    format: FORMAT,
    progress: JSON.stringify(state.progress),
    data,
  });

/** Throws a SpikeletError beginning with `label` if the file is not a complete checkpoint. */
export function readCheckpoint(bytes: Uint8Array, label: string): Checkpoint {
  const file = readSafetensors(bytes, label);
  if (file.metadata['format'] !== FORMAT)
    throw new SpikeletError(`${label} is not a training checkpoint`, {
      hint: "--resume takes the .checkpoint.safetensors of a run; to start from a trained net's weights use --init",
    });
  const params = new Map([...file.tensors].filter(([name]) => !MOMENTS.test(name)));
  const net = netOf({ tensors: params, metadata: { ...file.metadata, format: 'spikelet-net' } }, label);
  let progress: unknown;
  try {
    progress = JSON.parse(file.metadata['progress'] ?? '');
  } catch {
    progress = undefined;
  }
  const parsed = progressSchema.safeParse(progress);
  const damaged = [...file.tensors].find(
    ([name, { data }]) => MOMENTS.test(name) && !areMoments(name, data as Float32Array),
  );
  if (damaged)
    throw new SpikeletError(`${label}: '${damaged[0]}' holds no moments of AdamW`, {
      hint: 'the file is damaged',
    });
  const done = parsed.success && parsed.data.epoch <= parsed.data.options.epochs;
  if (!done || file.metadata['data'] === undefined)
    throw new SpikeletError(`${label} does not say how far the training was`, {
      hint: 'the file is damaged',
    });
  const tensors = new Map([...file.tensors].filter(([name]) => net.params.has(name) || MOMENTS.test(name)));
  return { net, state: { tensors, progress: parsed.data }, data: file.metadata['data'] };
}

/** Second moments are means of squares. */
const areMoments = (name: string, values: Float32Array): boolean =>
  values.every((value) => Number.isFinite(value) && (value >= 0 || !name.startsWith('adam.second.')));
