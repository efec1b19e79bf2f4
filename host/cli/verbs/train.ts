import type { Dataset } from '../../../models/dataset.js';
import { SpikeletError } from '../../../models/error.js';
import { countParams, type Net } from '../../../models/net.js';
import { type ZooOptions, zoo } from '../../../models/zoo/index.js';
import { loadNet } from '../../api/load.js';
import { netFor, netOn } from '../../api/train.js';
import { loadDataset, usages } from '../../data/index.js';
import { percent, quantity } from '../../report/text.js';
import { readBytes } from '../../system/files.js';
import { requireApart } from '../../system/output.js';
import { checkpointPath, readCheckpoint } from '../../train/checkpoint.js';
import type { BackendName, TrainOptions } from '../../train/index.js';
import { requireTraining } from '../../train/packages.js';
import type { Io } from '../io.js';
import { trainToFile } from '../training.js';
import {
  forceOption,
  integer,
  integerList,
  integers,
  keyOf,
  number,
  oneOf,
  required,
  usageError,
  type VerbOption,
  verb,
} from '../verb.js';

type Options = Partial<TrainOptions> &
  Pick<ZooOptions, (typeof architectureKeys)[number]> & {
    model?: string;
    data?: string;
    out: string;
    init?: string;
    resume?: string;
    metrics?: string;
    backend?: BackendName;
    force?: boolean;
  };

/** Options of the trainer; a checkpoint fixes all of them. */
const trainKeys = [
  'epochs',
  'batch',
  'learningRate',
  'weightDecay',
  'labelSmoothing',
  'warmUp',
  'flip',
  'shift',
  'seed',
  'firingPenalty',
] as const;

const architectureKeys = [
  'widths',
  'blocks',
  'transformers',
  'hidden',
  'maps',
  'heads',
  'levels',
  'dims',
] as const;

const pick = <T extends object, K extends keyof T>(from: T, keys: readonly K[]): Partial<Pick<T, K>> =>
  Object.fromEntries(keys.filter((key) => from[key] !== undefined).map((key) => [key, from[key]])) as Partial<
    Pick<T, K>
  >;

/** Options fixed by a checkpoint; a configuration's values of these do not apply to a resumed run. */
const settled = new Set<string>([...trainKeys, ...architectureKeys, 'model', 'data', 'init']);

/** Maximum number of layers in a list on the command line. */
const MOST_LAYERS = 32;

const options: VerbOption[] = [
  {
    flags: '--model <name>',
    description: `architecture: ${Object.keys(zoo).join(', ')}`,
    parse: oneOf(Object.keys(zoo)),
  },
  {
    flags: '--data <spec>',
    description: usages(),
  },
  { flags: '--out <file>', description: 'where the Net goes', default: 'net.safetensors' },
  { flags: '--epochs <n>', description: 'passes over the data (default: 4)', parse: integer(1, 100_000) },
  { flags: '--batch <n>', description: 'images per step (default: 128)', parse: integer(2, 65_536) },
  {
    flags: '--learning-rate <x>',
    description: 'peak of the one-cycle schedule (default: 0.004)',
    parse: number(1e-12, 1000),
  },
  { flags: '--weight-decay <x>', description: 'of AdamW (default: 0.01)', parse: number(0, 1000) },
  { flags: '--label-smoothing <x>', description: '(default: 0.05)', parse: number(0, 0.999) },
  {
    flags: '--warm-up <x>',
    description: 'share of the steps in which the rate rises (default: 0.2)',
    parse: number(0, 0.999),
  },
  {
    flags: '--flip',
    description: 'mirror every other image (default: where a mirrored image keeps its class)',
  },
  { flags: '--no-flip', description: 'never mirror' },
  {
    flags: '--shift <n>',
    description: 'move images by up to n pixels (default: 0)',
    parse: integer(0, 1024),
  },
  {
    flags: '--seed <n>',
    description: 'of the weights and of the order of images (default: 1)',
    parse: integer(0, 2 ** 31 - 1),
  },
  {
    flags: '--firing-penalty <x>',
    description: 'push spikes down: about 0.6 halves them in 4 epochs (default: 0)',
    parse: number(0, 1e6),
  },
  { flags: '--init <file>', description: 'start from the weights of this Net' },
  {
    flags: '--resume <file>',
    description: 'go on from a checkpoint, to the numbers of an uninterrupted run',
  },
  { flags: '--metrics <file>', description: 'append one JSON line per epoch' },
  {
    flags: '--backend <name>',
    description: 'gpu, wasm or cpu (default: gpu where it loads, else wasm)',
    parse: oneOf(['gpu', 'wasm', 'cpu'] as const),
  },
  {
    flags: '--widths <a,b>',
    description: 'channels of the two stages of tiny and mini',
    parse: integers(2, 1, 4096),
  },
  { flags: '--blocks <a,b>', description: 'conv blocks in each of them', parse: integers(2, 0, 64) },
  {
    flags: '--transformers <n>',
    description: 'transformer blocks of tiny and mini',
    parse: integer(0, 64),
  },
  {
    flags: '--dims <a,b,c,d>',
    description: 'channels of the four stages of an espikeformer',
    parse: integers(4, 2, 4096),
  },
  {
    flags: '--hidden <a,b,...>',
    description: 'neurons of each hidden layer of dense (default: 128)',
    parse: integerList(MOST_LAYERS, 1, 65_536),
  },
  {
    flags: '--maps <a,b,...>',
    description: 'channels of each convolution of conv, all with stride 2 (default: 16,32,64)',
    parse: integerList(MOST_LAYERS, 1, 4096),
  },
  { flags: '--heads <n>', description: 'attention heads', parse: integer(1, 256) },
  {
    flags: '--levels <n>',
    description: 'highest spike count D of every neuron (default: 4)',
    parse: integer(1, 15),
  },
  forceOption,
];

export const train = verb<Options>({
  summary: 'train a float network (a Net) on a dataset',
  configured: true,
  options: options.map((option) => (settled.has(keyOf(option)) ? { ...option, unless: 'resume' } : option)),
  async run(_args, options, io) {
    // Checked before data sets are fetched and read.
    requireTraining();
    await requireApart({
      '--out': options.out,
      'its checkpoint': checkpointPath(options.out),
      '--metrics': options.metrics,
    });
    const start = options.resume ? await resumed(options, options.resume, io) : await fresh(options, io);
    const { net, epochs } = await trainToFile(
      {
        ...start,
        out: options.out,
        ...(options.metrics ? { metrics: options.metrics } : {}),
        ...(options.init ? { init: options.init } : {}),
        ...(options.force ? { force: true } : {}),
        ...(options.backend ? { backend: options.backend } : {}),
      },
      io,
    );
    const last = epochs.at(-1);
    const parameters = countParams(net);
    io.print(
      `${options.out}: ${net.name}, ${quantity(parameters)} parameters${last ? `, test ${percent(last.testAccuracy, 2)}` : ''}`,
    );
    return {
      result: {
        out: options.out,
        model: net.name,
        parameters,
        accuracy: last?.testAccuracy ?? null,
        density: last?.density ?? null,
      },
    };
  },
});

async function fresh(options: Options, io: Io) {
  const dataSpec = required(options.data, '--data');
  const init = options.init ? await loadNet(options.init) : undefined;
  if (init && architectureKeys.some((key) => options[key] !== undefined))
    throw usageError('--init brings its own architecture', `omit ${flags(architectureKeys)}`);
  const model = init ? (options.model ?? init.name) : required(options.model, '--model');
  if (init && init.name !== model)
    throw usageError(`${options.init} is a '${init.name}', not a '${model}'`, 'omit --model');
  const data = await dataset(dataSpec, io);
  if (options.flip && data.mirrors === false)
    throw usageError(`a mirrored image of ${data.name} belongs to another class`, 'omit --flip');
  const net = init ? netOn(data, init) : newNet(model, data, options);
  return {
    net,
    data,
    dataSpec,
    options: { flip: data.mirrors ?? false, ...pick(options, trainKeys) },
  };
}

/** Reads the data; prints a note first, because this may take seconds. */
function dataset(spec: string, io: Io): Promise<Dataset> {
  io.note(`reading the data: ${spec}`);
  return loadDataset(spec, { log: io.note });
}

function newNet(model: string, data: Dataset, options: Options): Net {
  const strange = architectureKeys.filter(
    (key) => options[key] !== undefined && !zoo[model]!.keys.includes(key),
  );
  if (strange.length)
    throw usageError(
      `'${model}' has no ${flags(strange)}`,
      `it takes ${flags(architectureKeys.filter((key) => zoo[model]!.keys.includes(key)))}`,
    );
  const seed = options.seed === undefined ? {} : { seed: options.seed };
  return netFor(data, model, { ...seed, ...pick(options, architectureKeys) });
}

async function resumed(options: Options, path: string, io: Io) {
  const given = [...trainKeys, ...architectureKeys, 'init' as const].filter(
    (key) => options[key] !== undefined,
  );
  if (given.length) throw usageError('a resumed run keeps the options it began with', `omit ${flags(given)}`);
  const { net, state, data: remembered } = readCheckpoint(await readBytes(path), path);
  if (options.model !== undefined && options.model !== net.name)
    throw new SpikeletError(`${path} is a checkpoint of '${net.name}', not of '${options.model}'`, {
      hint: `omit --model, or resume a checkpoint of '${options.model}'`,
    });
  if (options.data !== undefined && options.data !== remembered)
    throw usageError(
      `${path} was trained on ${remembered}, not on ${options.data}`,
      'omit --data; to train on other data, start from the weights with --init',
    );
  if (state.progress.epoch >= state.progress.options.epochs) io.note(`${path} is trained to its end`);
  return { net, data: await dataset(remembered, io), dataSpec: remembered, resume: state, resumedFrom: path };
}

const flags = (keys: readonly string[]): string =>
  keys.map((key) => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`).join(', ');
