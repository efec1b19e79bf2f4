import { labelled, SpikeletError } from '../../models/error.js';
import { checkParamShapes, checkParams, type Net, netShapes } from '../../models/net.js';
import type { Shape } from '../../models/tensor.js';
import { isFolder, readBytes } from '../system/files.js';
import { listed, printable } from '../system/printable.js';
import { architectureOf, assumedHeads } from './architecture.js';
import {
  type Checkpoint,
  type CheckpointOptions,
  containerOf,
  mergeCheckpoints,
  readCheckpoint,
} from './checkpoint.js';
import { textOf } from './pickle.js';
import { folderError, partsOf, readParts, requireWhole } from './shards.js';

/**
 * What a checkpoint's tensors do not say. Each is looked up in the fields stored with the weights, or
 * assumed.
 */
export type ImportOptions = CheckpointOptions & {
  /** Heads of the attention. */
  heads?: number;
  /** [rows, columns, channels] of the images. */
  inputShape?: Shape;
  /** Per channel: values v in 0..1 enter as (v - mean) / std. */
  mean?: number[];
  std?: number[];
  /** D of every neuron. */
  levels?: number;
  /** Names of the classes, in the order of the logits. */
  classes?: string[];
};

/** `notes` say, one sentence each, what was found and what was assumed. */
export type Imported = { net: Net; notes: string[] };

const imagenet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/**
 * Turns a PyTorch checkpoint (.safetensors, or torch.save in either of its formats) into a Net. The
 * architecture is inferred from the names and shapes of the tensors: E-SpikeFormer in any size, or the naming
 * of `tiny`. Throws a SpikeletError that begins with `label` if the file is damaged, wants to run code, or
 * does not match.
 */
export function importNet(bytes: Uint8Array, label: string, options: ImportOptions = {}): Imported {
  const checkpoint = readCheckpoint(bytes, label, options);
  return labelled(label, () => assemble(checkpoint, options));
}

/** importNet on a file, or on the index (`*.index.json`) of a checkpoint in several files. */
export async function importFile(path: string, options: ImportOptions = {}): Promise<Imported> {
  if (await isFolder(path)) throw await folderError(path);
  requireWhole(path);
  const bytes = await readBytes(path);
  const names = partsOf(bytes, path);
  if (!names) return importNet(bytes, path, options);
  const parts = await readParts(path, names);
  const containers = parts.map((part) => containerOf(part.bytes, part.path, options));
  return labelled(path, () => assemble(mergeCheckpoints(containers, path, options), options));
}

function assemble(checkpoint: Checkpoint, options: ImportOptions): Imported {
  const { tensors, fields } = checkpoint;
  const shapes = new Map([...tensors].map(([name, { shape }]) => [name, shape] as const));
  const architecture = architectureOf(shapes);
  if (!architecture) {
    const first = [...shapes].map(([name, shape]) => `${printable(name)} [${shape}]`);
    throw new SpikeletError(
      `these tensors match no architecture that spikelet knows: ${listed(first) || 'none'}`,
      {
        hint: 'spikelet imports E-SpikeFormer (arXiv 2411.16061) in any size, and nets named like its own tiny',
      },
    );
  }
  const notes = [...checkpoint.notes, ...architecture.notes];
  const stored = {
    integer: (...names: string[]) => integerIn(fields, names),
    list: (name: string) => listIn(fields, name, architecture.channels),
  };
  const settle = <T extends number | number[]>(
    what: string,
    option: T | undefined,
    found: T | undefined,
    assumed: T,
  ): T => {
    if (option !== undefined) return option;
    const value = found ?? assumed;
    const source = found === undefined ? 'assumed, not in the checkpoint' : 'from the checkpoint';
    notes.push(`${what} ${Array.isArray(value) ? value.join(', ') : value}: ${source}`);
    return value;
  };

  const heads = architecture.attention.channels.length
    ? settle(
        'heads',
        options.heads,
        stored.integer('heads', 'num_heads'),
        assumedHeads(architecture.attention),
      )
    : 1;
  const levels = settle('levels', options.levels, stored.integer('D', 'levels'), 4);
  if (!(Number.isInteger(heads) && heads >= 1))
    throw new SpikeletError(`heads must be a positive integer, got ${heads}`);
  if (!(Number.isInteger(levels) && levels >= 1 && levels <= 15))
    throw new SpikeletError(`levels must be 1..15, got ${levels}`);
  const side = stored.integer('input_size', 'img_size');
  const { channels } = architecture;
  const square = (n: number): Shape => [n, n, channels];
  const shape = settle(
    'input shape',
    options.inputShape,
    side === undefined ? undefined : square(side),
    square(architecture.side),
  );
  const usual =
    channels === 3 ? imagenet : { mean: new Array(channels).fill(0), std: new Array(channels).fill(1) };
  const mean = settle('mean', options.mean, stored.list('norm_mean'), usual.mean);
  const std = settle('std', options.std, stored.list('norm_std'), usual.std);
  checkInput(shape, mean, std, channels);
  const classes = options.classes ?? Array.from({ length: architecture.classes }, (_, i) => String(i));
  if (classes.length !== architecture.classes)
    throw new SpikeletError(
      `the net has ${architecture.classes} outputs, but ${classes.length} class names were given`,
    );

  const nodes = architecture.nodes({ heads, levels });
  const net: Net = {
    name: architecture.name,
    input: { shape, mean, std },
    nodes,
    classes,
    params: new Map(),
  };
  // Shapes first, so that no data of a mismatching checkpoint is read.
  checkParamShapes(net.name, nodes, shapes);
  netShapes(net);
  for (const [name, { shape, read }] of tensors) net.params.set(name, { shape: [...shape], data: read() });
  checkParams(net);
  return { net, notes };
}

function checkInput(shape: Shape, mean: number[], std: number[], channels: number): void {
  if (shape.length !== 3 || !shape.every((n) => Number.isInteger(n) && n >= 1))
    throw new SpikeletError(
      `input shape must be three positive integers (rows, columns, channels), got [${shape}]`,
    );
  if (shape[2] !== channels)
    throw new SpikeletError(`the net takes images with ${channels} channels, not ${shape[2]}`);
  if (mean.length !== channels || std.length !== channels)
    throw new SpikeletError(`mean and std need one value for each of the ${channels} channels`);
  if (!mean.every(Number.isFinite) || !std.every((value) => Number.isFinite(value) && value > 0))
    throw new SpikeletError(`mean ${mean} and std ${std} are not finite, or a std is not positive`);
}

/** The first of `names` that holds a positive whole number, as a number or as text. */
function integerIn(fields: Checkpoint['fields'], names: string[]): number | undefined {
  for (const name of names) {
    const value = fields.get(name);
    const number = typeof value === 'string' && value !== '' ? Number(value) : value;
    if (typeof number === 'number' && Number.isInteger(number) && number >= 1) return number;
  }
  return undefined;
}

/** The numbers in a text such as '0.5, 0.5' or '[0.5]', if there is one for each channel. */
function listIn(fields: Checkpoint['fields'], name: string, channels: number): number[] | undefined {
  const value = fields.get(name);
  const items = Array.isArray(value) ? value : typeof value === 'string' ? value.split(',') : [value];
  const numbers = items.map((item) => Number.parseFloat(textOf(item).replace(/^[\s[(]+/, '')));
  return numbers.length === channels && numbers.every(Number.isFinite) ? numbers : undefined;
}
