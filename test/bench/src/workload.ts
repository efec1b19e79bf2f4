import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { loadDataset } from '../../../dist/host/data/index.js';
import { importFile } from '../../../dist/host/import/index.js';
import { readBytes } from '../../../dist/host/system/files.js';
import {
  crc32,
  exitCode,
  type Net,
  normalise,
  product,
  rawImage,
  readNet,
  readSafetensors,
  SpikeletError,
  toFloat32,
} from '../../../dist/models/index.js';
import { proofsFolder, shared } from './paths.js';

/** A network and the images it is measured on, normalised, [row][column][channel]. */
export type Workload = {
  name: string;
  net: Net;
  /** CRC-32 of the network's file. */
  crc: number;
  inputs: Float32Array[];
  calibration: Float32Array[];
};

/**
 * Networks that the bench knows by name; each reads ../shared, and `tiny-sparse` what `npm run bench --
 * sparse` left.
 */
const known: Record<string, () => Promise<Workload>> = {
  'espikeformer-m': () => vectors('espikeformer-m'),
  'espikeformer-nano': () => vectors('espikeformer-nano'),
  tiny: trainedTiny,
  'tiny-sparse': sparseTiny,
};

export const knownNames = Object.keys(known);
/** Those that need nothing but ../shared. */
export const defaultNames = knownNames.filter((name) => name !== 'tiny-sparse');

const INPUTS = 5;
const CALIBRATION = 64;

/** The workload of a name, or of the path of a Net with `data` as `spikelet train --data` takes it. */
export async function workload(model: string, data: string | undefined): Promise<Workload> {
  const named = Object.hasOwn(known, model) ? known[model] : undefined;
  if (named) return named();
  const bytes = await readBytes(model);
  const net = readNet(bytes, model);
  if (data === undefined)
    throw new SpikeletError(`${model} needs images to be measured on`, {
      hint: `--data fashion-mnist=FOLDER, gestures, or what else 'spikelet train --data' takes`,
      code: exitCode.usage,
    });
  return onDataset(basename(model, '.safetensors'), net, crc32(bytes), data);
}

function needed(path: string): string {
  const found = shared(path);
  if (found) return found;
  throw new SpikeletError(`../shared/${path} is absent`, {
    hint: 'measure a Net of your own: npm run bench -- engines NET.safetensors --data DATASET',
  });
}

/** The reference vectors: random weights, and images that the reference ran. They calibrate as well. */
async function vectors(name: string): Promise<Workload> {
  const path = needed(`vectors/${name}/model.safetensors`);
  const { input } = Object.fromEntries(
    readSafetensors(await readBytes(needed(`vectors/${name}/io.safetensors`))).tensors,
  );
  const [count, channels, rows, columns] = input!.shape as [number, number, number, number];
  const { net } = await importFile(path, { inputShape: [rows, columns, channels] });
  const values = toFloat32(input!.data);
  const size = product(net.input.shape);
  const inputs = Array.from({ length: count }, (_, n) => {
    const planes = values.subarray(n * size, (n + 1) * size);
    return Float32Array.from(
      planes,
      (_, i) => planes[(i % channels) * rows * columns + Math.floor(i / channels)]!,
    );
  });
  return { name, net, crc: crc32(await readBytes(path)), inputs, calibration: inputs };
}

/** The net of 86,506 parameters that was trained on Fashion-MNIST. */
async function trainedTiny(): Promise<Workload> {
  const path = needed('vectors/fashion-sfa/model.safetensors');
  const shape = {
    heads: 4,
    inputShape: [28, 28, 1] as [number, number, number],
    mean: [0.286],
    std: [0.353],
  };
  const { net } = await importFile(path, shape);
  return onDataset(
    'tiny',
    net,
    crc32(await readBytes(path)),
    `fashion-mnist=${needed('data/fashion-mnist')}`,
  );
}

/** The same net, trained here with a firing penalty. */
async function sparseTiny(): Promise<Workload> {
  const path = join(proofsFolder, 'tiny-sparse.safetensors');
  if (!existsSync(path))
    throw new SpikeletError(`${path} is absent`, {
      hint: "'npm run bench -- train' and 'npm run bench -- sparse' make it",
    });
  const bytes = await readBytes(path);
  const data = `fashion-mnist=${needed('data/fashion-mnist')}`;
  return onDataset('tiny-sparse', readNet(bytes, path), crc32(bytes), data);
}

async function onDataset(name: string, net: Net, crc: number, spec: string): Promise<Workload> {
  const limit = CALIBRATION + INPUTS;
  const { shape, train, test } = await loadDataset(spec, {
    input: { ...net.input, classes: net.classes },
    limit,
    log: (line) => console.error(line),
  });
  if (String(shape) !== String(net.input.shape) || train.count < CALIBRATION || test.count < INPUTS)
    throw new SpikeletError(
      `${spec} has no ${INPUTS} images of ${net.input.shape.join(' x ')} for '${name}'`,
    );
  const first = (split: typeof test, count: number) =>
    Array.from({ length: count }, (_, i) => normalise(rawImage(split, shape, i), net.input));
  return { name, net, crc, inputs: first(test, INPUTS), calibration: first(train, CALIBRATION) };
}
