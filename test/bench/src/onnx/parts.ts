import {
  affineOf,
  inputsOf,
  type Net,
  type NetConv,
  product,
  type Shape,
} from '../../../../dist/models/index.js';
import type { Attributes, ModelBuilder } from './model.js';

/** A convolution with its bias and batch norm folded into it. */
export type FoldedConv = { weights: Float32Array; bias: Float32Array; dims: number[] };

export function fold(net: Net, node: NetConv): FoldedConv {
  const { scale, offset } = affineOf(net, node);
  const values = net.params.get(`${node.name}.weight`)!.data as Float32Array;
  const perOutput = values.length / node.out;
  return {
    weights: values.map((w, i) => w * scale[Math.floor(i / perOutput)]!),
    bias: Float32Array.from(offset),
    dims: [node.out, node.in / node.groups, ...node.kernel],
  };
}

/**
 * What one unit of each value is worth: spikes stay counts, and what a count means is folded into whatever
 * reads it.
 */
export function unitsOf(net: Net): Map<string, number> {
  const units = new Map([['input', 1]]);
  for (const node of net.nodes) {
    const inputs = inputsOf(node).map((name) => units.get(name)!);
    const own = { conv: 1, add: 1, pool: inputs[0]! };
    if (node.op === 'neuron') units.set(node.name, 1 / node.divisor);
    else if (node.op === 'attend')
      units.set(
        node.name,
        inputs.reduce((unit, input) => unit * input, node.scale),
      );
    else units.set(node.name, own[node.op]);
  }
  return units;
}

export const convAttributes = (node: NetConv): Attributes => ({
  kernel_shape: node.kernel,
  strides: node.stride,
  pads: [...node.padding, ...node.padding],
  group: node.groups,
});

/** Whether a convolution is a plain matrix product on one position: a head. */
export const isDense = (node: NetConv, input: Shape): boolean =>
  input[0] === 1 && input[1] === 1 && product(node.kernel) === 1 && node.groups === 1;

/**
 * (v k^T) q, which is (q (k^T v))^T, so that the channels stay in front: of q, k [1, C, H, W] and v [1, V, H,
 * W] as [heads, channels per head, positions]. `outer` and `inner` are the two matrix products.
 */
export function attention(
  b: ModelBuilder,
  [q, k, v]: [string, string, string],
  heads: number,
  [keys, values]: [Shape, Shape],
  outer: (v: string, kTransposed: string) => string,
  inner: (vk: string, q: string) => string,
): string {
  const positions = keys[0] * keys[1];
  const split = (x: string, [, , channels]: Shape) =>
    b.add('Reshape', [x, b.shape([heads, channels / heads, positions])]);
  const transposed = b.add('Transpose', [split(k, keys)], { perm: [0, 2, 1] });
  const product = inner(outer(split(v, values), transposed), split(q, keys));
  return b.add('Reshape', [product, b.shape([1, values[2], values[0], values[1]])]);
}
