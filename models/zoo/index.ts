import { initialParams, type Net, type NetInput, type NetNode, netShapes } from '../net.js';
import {
  type ESpikeFormerOptions,
  espikeformer,
  espikeformerDefaults,
  espikeformerDims,
} from './espikeformer.js';
import { miniDefaults, type SmallOptions, smallNet, tinyDefaults } from './small.js';

/** What a zoo entry may be told; each takes what it knows of. */
export type ZooOptions = Partial<SmallOptions> & Partial<ESpikeFormerOptions>;

const small =
  (defaults: SmallOptions) =>
  (options: ZooOptions): NetNode[] =>
    smallNet({ ...defaults, ...options });

const former =
  (dims: keyof typeof espikeformerDims, heads: number) =>
  (options: ZooOptions): NetNode[] =>
    espikeformer({ ...espikeformerDefaults, dims: espikeformerDims[dims], heads, ...options });

/** Architectures by the name that `spikelet train --model` takes. */
export const zoo: Record<string, (options: ZooOptions) => NetNode[]> = {
  mini: small(miniDefaults),
  tiny: small(tinyDefaults),
  'espikeformer-nano': former('nano', 4),
  'espikeformer-t': former('t', 8),
  'espikeformer-s': former('s', 8),
  'espikeformer-m': former('m', 8),
  'espikeformer-l': former('l', 8),
};

/**
 * A fresh Net of architecture `model` for images of `input`, one logit per class.
 * `random` (uniform in 0..1) fills the weights. Throws where the sizes do not fit each other.
 */
export function createNet(
  model: string,
  input: NetInput,
  classes: string[],
  random: () => number,
  options: ZooOptions = {},
): Net {
  const nodes = zoo[model]!({ ...options, channels: input.shape[2], classes: classes.length });
  netShapes({ name: model, input, nodes });
  return { name: model, input, nodes, classes, params: initialParams(nodes, random) };
}
