import { type Dataset, exitCode, SpikeletError } from '../../models/index.js';
import { cacheFolder } from '../system/cache.js';
import { checkDataset } from './check.js';
import { fashionLooks, fetchFashionMnist, readFashionMnist } from './fashion-mnist.js';
import { type GestureOptions, gestureLooks, gestures } from './gestures.js';
import { readIdxFolder } from './idx.js';
import { type ImageInput, readImageFolder } from './images.js';

export { checkDataset, countLabels } from './check.js';
export { readImage, readImageEval, readNetImage } from './image.js';

export type LoadOptions = {
  /** Told about downloads and how ambiguous files and folders were read. */
  log?: (line: string) => void;
  /** The net that the data is for, and the most images to take; a folder of photos needs both. */
  input?: ImageInput;
  limit?: number;
  /** Throws where a model does not take such images or tells other classes apart: asked before data that takes long is had. */
  fits?: (data: Looks) => void;
};

/** What is known of some data before any image of it is. */
export type Looks = Pick<Dataset, 'name' | 'shape' | 'classes'>;

/**
 * One kind of dataset: how its spec is written, and how the spec's folder (`=DIR`) or settings (`:a=1`) are
 * loaded.
 */
type Source = {
  usage: string;
  /** How its images look where the spec names no folder. */
  looks?: Looks;
  load(spec: ParsedSpec, options: LoadOptions): Dataset | Promise<Dataset>;
};

type ParsedSpec = { name: string; folder: string | undefined; settings: Map<string, number> };

/** Every dataset by name. */
export const sources: Record<string, Source> = {
  gestures: {
    usage: 'gestures[:seed=1,train=4000,test=800]',
    looks: gestureLooks,
    load: (spec) => checkDataset(gestures(gestureOptions(spec))),
  },
  'fashion-mnist': {
    usage: 'fashion-mnist[=FOLDER]',
    looks: fashionLooks,
    async load({ folder }, { log }) {
      if (folder !== undefined) return readFashionMnist(folder, log);
      const cache = cacheFolder('fashion-mnist');
      await fetchFashionMnist(cache, undefined, log);
      return readFashionMnist(cache);
    },
  },
  idx: {
    usage: 'idx=FOLDER',
    load({ folder, name }, { log }) {
      if (folder === undefined) throw usageError(`dataset '${name}' needs a folder`);
      return readIdxFolder(folder, { name }, log);
    },
  },
  images: {
    usage: 'images=FOLDER',
    load({ folder, name }, { input, limit, log }) {
      if (folder === undefined) throw usageError(`dataset '${name}' needs a folder`);
      if (!input || limit === undefined)
        throw usageError('a folder of images can calibrate and verify a net, not train one');
      return readImageFolder(folder, input, limit, log);
    },
  },
};

/** The specs of all datasets, for help and hints. */
export const usages = (): string =>
  Object.values(sources)
    .map(({ usage }) => usage)
    .join(', ');

const usageError = (message: string): SpikeletError =>
  new SpikeletError(message, { hint: `known datasets: ${usages()}`, code: exitCode.usage });

/**
 * The dataset that `spec` names: `gestures`, `gestures:seed=3`, `fashion-mnist`, `fashion-mnist=DIR`,
 * `idx=DIR`.
 * @throws SpikeletError if the name is unknown (listing the known ones) or the data cannot be loaded.
 */
export async function loadDataset(spec: string, options: LoadOptions = {}): Promise<Dataset> {
  const parsed = parseSpec(spec);
  const source = Object.hasOwn(sources, parsed.name) ? sources[parsed.name] : undefined;
  if (!source) throw usageError(`unknown dataset '${parsed.name}'`);
  if (parsed.folder !== undefined && !source.usage.includes('=FOLDER'))
    throw usageError(`dataset '${parsed.name}' takes no folder`);
  if (parsed.settings.size && !source.usage.includes(':'))
    throw usageError(`dataset '${parsed.name}' takes no settings`);
  if (source.looks && parsed.folder === undefined) options.fits?.(source.looks);
  const data = await source.load(parsed, options);
  options.fits?.(data);
  return data;
}

function parseSpec(spec: string): ParsedSpec {
  const [, name = '', mark, rest = ''] = /^([^:=]*)([:=])?(.*)$/s.exec(spec) ?? [];
  const settings = new Map<string, number>();
  if (mark === ':')
    for (const part of rest.split(',')) {
      const [, key, value] = /^([a-z]+)=(\d{1,9})$/.exec(part) ?? [];
      if (!key || settings.has(key)) throw usageError(`dataset '${spec}': cannot read '${part}'`);
      settings.set(key, Number(value));
    }
  if (mark === '=' && !rest) throw usageError(`dataset '${spec}': no folder after the =`);
  return { name, folder: mark === '=' ? rest : undefined, settings };
}

function gestureOptions({ settings }: ParsedSpec): GestureOptions {
  const limits: Record<string, [number, number]> = {
    seed: [0, 2 ** 31 - 1],
    train: [8, 100_000],
    test: [8, 100_000],
  };
  for (const [key, value] of settings) {
    const limit = Object.hasOwn(limits, key) ? limits[key] : undefined;
    if (!limit)
      throw usageError(`dataset 'gestures' has no setting '${key}', only ${Object.keys(limits).join(', ')}`);
    if (value < limit[0] || value > limit[1])
      throw usageError(`dataset 'gestures': ${key}=${value} is outside ${limit.join('..')}`);
  }
  return Object.fromEntries(settings);
}
