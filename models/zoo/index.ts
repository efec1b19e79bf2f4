import { SpikeletError } from '../error.js';
import { netMetadata } from '../file.js';
import {
  initialParams,
  inputsOf,
  isConv,
  type Net,
  type NetInput,
  type NetNode,
  netDefinition,
  netShapes,
  paramShapes,
} from '../net.js';
import { product, type Shape } from '../tensor.js';
import {
  type ESpikeFormerOptions,
  espikeformer,
  espikeformerDefaults,
  espikeformerDims,
} from './espikeformer.js';
import { convDefaults, convNet, denseDefaults, denseNet, type PlainOptions } from './plain.js';
import { miniDefaults, type SmallOptions, smallNet, tinyDefaults } from './small.js';

/** Options of zoo entries; each takes those it knows. */
export type ZooOptions = Partial<SmallOptions> & Partial<ESpikeFormerOptions> & Partial<PlainOptions>;

/** An architecture, and which options it knows. */
export type ZooEntry = {
  keys: (keyof ZooOptions)[];
  /** The nodes for images of `shape`, [rows][columns][channels]. */
  nodes: (options: ZooOptions, shape: Shape) => NetNode[];
  /** Initial weight of the last batch norm of every residual branch. */
  branchWeight: number;
};

const small = (defaults: SmallOptions): ZooEntry => ({
  keys: Object.keys(defaults) as (keyof SmallOptions)[],
  nodes: (options) => smallNet({ ...defaults, ...options }),
  branchWeight: 1,
});

const former = (dims: keyof typeof espikeformerDims, heads: number): ZooEntry => ({
  keys: Object.keys(espikeformerDefaults) as (keyof ESpikeFormerOptions)[],
  nodes: (options) =>
    espikeformer({ ...espikeformerDefaults, dims: espikeformerDims[dims], heads, ...options }),
  // With 1, as PyTorch begins, the sums of 20 random branches drown the image and the first epochs learn
  // nothing.
  branchWeight: 0.25,
});

/** Architectures by the name that `spikelet train --model` takes. */
export const zoo: Record<string, ZooEntry> = {
  mini: small(miniDefaults),
  tiny: small(tinyDefaults),
  dense: {
    keys: Object.keys(denseDefaults) as (keyof PlainOptions)[],
    nodes: (options, shape) => denseNet({ ...denseDefaults, ...options }, shape),
    branchWeight: 1,
  },
  conv: {
    keys: Object.keys(convDefaults) as (keyof PlainOptions)[],
    nodes: (options) => convNet({ ...convDefaults, ...options }),
    branchWeight: 1,
  },
  'espikeformer-nano': former('nano', 4),
  'espikeformer-t': former('t', 8),
  'espikeformer-s': former('s', 8),
  'espikeformer-m': former('m', 8),
  'espikeformer-l': former('l', 8),
};

/** Three times the largest published net. */
const MAX_PARAMETERS = 60_000_000;

/**
 * A fresh Net of architecture `model` for images of `input`, one logit per class. `random` (uniform in 0..1)
 * fills the weights. Throws if the sizes do not fit each other or are too large.
 */
export function createNet(
  model: string,
  input: NetInput,
  classes: string[],
  random: () => number,
  options: ZooOptions = {},
): Net {
  const entry = Object.hasOwn(zoo, model) ? zoo[model] : undefined;
  if (!entry)
    throw new SpikeletError(`there is no architecture '${model}'`, {
      hint: `known: ${Object.keys(zoo).join(', ')}`,
    });
  const nodes = entry.nodes({ ...options, channels: input.shape[2], classes: classes.length }, input.shape);
  netShapes({ name: model, input, nodes });
  const parameters = [...paramShapes(nodes).values()].reduce((sum, shape) => sum + product(shape), 0);
  if (parameters > MAX_PARAMETERS)
    throw new SpikeletError(`a '${model}' of these sizes has ${parameters} parameters`, {
      hint: `at most ${MAX_PARAMETERS} can be trained: choose smaller widths`,
    });
  // A name that could not be read again is refused before hours of training.
  netMetadata({ name: model, input, nodes, classes, params: new Map() });
  const params = initialParams(nodes, random);
  const branches = new Set(nodes.flatMap((node) => (netDefinition(node).sums ? inputsOf(node) : [])));
  for (const node of nodes)
    if (isConv(node) && node.bn && branches.has(node.name))
      (params.get(`${node.bn}.weight`)!.data as Float32Array).fill(entry.branchWeight);
  return { name: model, input, nodes, classes, params };
}
