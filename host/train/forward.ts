import {
  BN_EPSILON,
  checkParams,
  type Net,
  type NetConv,
  type NetNeuron,
  netShapes,
  SpikeletError,
  unknownOp,
} from '../../models/index.js';
import { isDepthwise, type Values } from './layout.js';
import { affine, attend, batchNorm, convolve, type Fire, type Moments, neuron } from './ops.js';
import { type Tensor1D, type Tensor4D, type TfTensor, tf } from './tf.js';

/** How batch norms behave. */
export type Mode =
  /** Use the batch's statistics, and pass them to `seen` for every batch norm. */
  | { training: true; seen: (bn: string, moments: Moments) => void }
  /** Use the running statistics in `values`; not differentiable. */
  | { training: false; values: Values };

export type ForwardOptions = {
  mode: Mode;
  /** dL/dvalue added to each element of a neuron's output: the firing penalty's gradient. */
  extra?: (node: NetNeuron, elements: number) => number;
  /** Called with every neuron's output, [batch, rows, columns, channels]; valid during the call. */
  observe?: (node: NetNeuron, value: Tensor4D) => void;
};

/**
 * The logits [batch, classes] of a Net for `images` [batch, rows, columns, channels], normalised.
 * `weights` are the trained parameters as tensors, in the layout of `Values`.
 */
export function forward(
  net: Net,
  weights: Map<string, TfTensor>,
  images: Tensor4D,
  options: ForwardOptions,
): TfTensor {
  const values = new Map<string, Tensor4D>([['input', images]]);
  const fused = fusedNeurons(net);
  const fireOf = (node: NetNeuron, elements: number): Fire => ({
    levels: node.levels,
    divisor: node.divisor,
    extra: options.extra?.(node, elements) ?? 0,
  });
  let last = images;
  for (const node of net.nodes) {
    const of = (name: string) => values.get(name)!;
    switch (node.op) {
      case 'conv': {
        const behind = fused.get(node.name);
        const filter = weights.get(`${node.name}.weight`) as Tensor4D;
        const y = convolve(of(node.input), filter, { ...node, depthwise: isDepthwise(node) });
        last = finish(node, y, weights, options.mode, behind && fireOf(behind, y.size));
        if (behind) {
          values.set(behind.name, last);
          options.observe?.(behind, last);
        }
        break;
      }
      case 'neuron':
        // Already computed if it was fused with its batch norm.
        if (values.has(node.name)) continue;
        last = neuron(of(node.input), fireOf(node, of(node.input).size));
        options.observe?.(node, last);
        break;
      case 'add':
        last = tf.add(of(node.inputs[0]), of(node.inputs[1]));
        break;
      case 'attend': {
        const [q, k, v] = node.inputs;
        last = attend(of(q), of(k), of(v), node.heads, node.scale);
        break;
      }
      case 'pool':
        last = tf.mean(of(node.input), [1, 2], true);
        break;
      default:
        return unknownOp(node, 'training');
    }
    values.set(node.name, last);
  }
  return tf.reshape(last, [images.shape[0], last.size / images.shape[0]]);
}

/**
 * Neurons that are the only reader of a batch norm's output, by the conv's name; both are computed in one
 * pass.
 */
function fusedNeurons(net: Net): Map<string, NetNeuron> {
  const readers = new Map<string, typeof net.nodes>();
  for (const node of net.nodes)
    for (const name of 'inputs' in node ? node.inputs : [node.input])
      readers.set(name, [...(readers.get(name) ?? []), node]);
  const fused = new Map<string, NetNeuron>();
  for (const node of net.nodes) {
    const [reader, ...others] = readers.get(node.name) ?? [];
    if (node.op === 'conv' && node.bn && reader?.op === 'neuron' && !others.length)
      fused.set(node.name, reader);
  }
  return fused;
}

/** Bias, batch norm and neuron after a convolution. */
function finish(
  node: NetConv,
  y: Tensor4D,
  weights: Map<string, TfTensor>,
  mode: Mode,
  fire: Fire | undefined,
): Tensor4D {
  const { bn } = node;
  if (!bn) return node.bias ? tf.add(y, weights.get(`${node.name}.bias`)!) : y;
  if (!mode.training) {
    const { alpha, beta } = runningAffine(node, bn, mode.values);
    return affine(y, alpha, beta, fire);
  }
  const [weight, bias] = [weights.get(`${bn}.weight`), weights.get(`${bn}.bias`)] as [Tensor1D, Tensor1D];
  return batchNorm(y, weight, bias, fire, (moments) => mode.seen(bn, moments));
}

/** A batch norm with running statistics and the conv's bias, as alpha * x + beta. */
function runningAffine(node: NetConv, bn: string, values: Values) {
  const of = (name: string) => values.get(name)!.data;
  const [weight, bias] = [of(`${bn}.weight`), of(`${bn}.bias`)];
  const [mean, variance] = [of(`${bn}.running_mean`), of(`${bn}.running_var`)];
  const convBias = node.bias ? of(`${node.name}.bias`) : undefined;
  const alpha = weight.map((w, c) => w / Math.sqrt(variance[c]! + BN_EPSILON));
  const beta = bias.map((b, c) => b + ((convBias?.[c] ?? 0) - mean[c]!) * alpha[c]!);
  return { alpha, beta };
}

/** Refuses nets that tfjs cannot train, and parameters that do not match the net, before any work is done. */
export function checkTrainable(net: Net): void {
  netShapes(net);
  for (const node of net.nodes) {
    if (node.op !== 'conv') continue;
    const fail = (why: string) => {
      throw new SpikeletError(`net ${net.name}, conv '${node.name}' cannot be trained here: ${why}`, {
        hint: 'training supports convolutions with one group, and depthwise ones with one filter per channel',
      });
    };
    const depthwise = isDepthwise(node) && node.out === node.in;
    if (node.groups !== 1 && !depthwise) fail(`${node.groups} groups of ${node.in} and ${node.out} channels`);
    if (node.padding[0] >= node.kernel[0] || node.padding[1] >= node.kernel[1])
      fail(`padding ${node.padding.join('x')} reaches beyond its ${node.kernel.join('x')} kernel`);
  }
  checkParams(net);
}
