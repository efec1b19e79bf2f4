import {
  BN_EPSILON,
  checkParams,
  inputsOf,
  isConv,
  isNeuron,
  type Net,
  type NetConv,
  type NetNeuron,
  type NetNode,
  type NetOp,
  netShapes,
  SpikeletError,
} from '../../models/index.js';
import { entryOf } from '../../models/table.js';
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

/** What an op has access to during a pass. */
type Pass = {
  weights: Map<string, TfTensor>;
  options: ForwardOptions;
  /** The value of an earlier node, or the images: [batch, rows, columns, channels]. */
  of(name: string): Tensor4D;
  /** Stores a value under a name other than the node's own. */
  put(name: string, value: Tensor4D): void;
  /** The neuron that is fused with a conv's batch norm. */
  neuronBehind(conv: string): NetNeuron | undefined;
};

/** How an op is trained: its differentiable forward pass; `fail` refuses a node that cannot be trained. */
type TrainedOp<N> = {
  check?(node: N, fail: (why: string, hint: string) => never): void;
  forward(node: N, pass: Pass): Tensor4D;
};

/** Every op of a Net. */
const trained: { [O in NetOp]: TrainedOp<Extract<NetNode, { op: O }>> } = {
  conv: {
    check: checkConv,
    forward(node, { weights, options, of, put, neuronBehind }) {
      const behind = neuronBehind(node.name);
      const filter = weights.get(`${node.name}.weight`) as Tensor4D;
      const y = convolve(of(node.input), filter, { ...node, depthwise: isDepthwise(node) });
      const value = finish(node, y, weights, options.mode, behind && fireOf(behind, y.size, options));
      if (behind) {
        put(behind.name, value);
        options.observe?.(behind, value);
      }
      return value;
    },
  },
  neuron: {
    forward(node, { options, of }) {
      const value = neuron(of(node.input), fireOf(node, of(node.input).size, options));
      options.observe?.(node, value);
      return value;
    },
  },
  add: { forward: ({ inputs: [x, y] }, { of }) => tf.add(of(x), of(y)) },
  attend: {
    forward: ({ inputs: [q, k, v], heads, scale }, { of }) => attend(of(q), of(k), of(v), heads, scale),
  },
  pool: { forward: (node, { of }) => tf.mean(of(node.input), [1, 2], true) },
  upsample: { forward: (node, { of }) => upsample(of(node.input), node.factor) },
};

/** Repeats every position `factor` x `factor` times; its gradient is the sum over the copies. */
function upsample(input: Tensor4D, factor: number): Tensor4D {
  const [batch, rows, columns, channels] = input.shape;
  const row = columns * factor * channels;
  return tf.customGrad((x) => {
    const wide = tf.tile(tf.reshape(x as Tensor4D, [batch * rows * columns, 1, channels]), [1, factor, 1]);
    const high = tf.tile(tf.reshape(wide, [batch * rows, 1, row]), [1, factor, 1]);
    return {
      value: tf.reshape(high, [batch, rows * factor, columns * factor, channels]) as Tensor4D,
      gradFunc: (dy) => {
        const ofRows = tf.sum(tf.reshape(dy as Tensor4D, [batch * rows, factor, row]), 1);
        const ofPlaces = tf.sum(tf.reshape(ofRows, [batch * rows * columns, factor, channels]), 1);
        return tf.reshape(ofPlaces, input.shape);
      },
    };
  })(input) as Tensor4D;
}

const trainedOp = (node: NetNode): TrainedOp<NetNode> => entryOf(trained, node, 'training');

const fireOf = (node: NetNeuron, elements: number, { extra }: ForwardOptions): Fire => ({
  levels: node.levels,
  divisor: node.divisor,
  extra: extra?.(node, elements) ?? 0,
});

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
  const pass: Pass = {
    weights,
    options,
    of: (name) => values.get(name)!,
    put: (name, value) => void values.set(name, value),
    neuronBehind: (conv) => fused.get(conv),
  };
  let last = images;
  for (const node of net.nodes) {
    // Already computed if it was fused with its batch norm.
    if (values.has(node.name)) continue;
    last = trainedOp(node).forward(node, pass);
    values.set(node.name, last);
  }
  return tf.reshape(last, [images.shape[0], last.size / images.shape[0]]);
}

/** Neurons that alone read a batch norm's output, by the conv's name: both are computed in one pass. */
function fusedNeurons(net: Net): Map<string, NetNeuron> {
  const readers = new Map<string, typeof net.nodes>();
  for (const node of net.nodes)
    for (const name of inputsOf(node)) readers.set(name, [...(readers.get(name) ?? []), node]);
  const fused = new Map<string, NetNeuron>();
  for (const node of net.nodes) {
    const [reader, ...others] = readers.get(node.name) ?? [];
    if (isConv(node) && node.bn && isNeuron(reader) && !others.length) fused.set(node.name, reader);
  }
  return fused;
}

/** Bias, batch norm and neuron behind a convolution. */
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

/** A batch norm by its running statistics, with the conv's bias, as alpha * x + beta. */
function runningAffine(node: NetConv, bn: string, values: Values) {
  const of = (name: string) => values.get(name)!.data;
  const [weight, bias] = [of(`${bn}.weight`), of(`${bn}.bias`)];
  const [mean, variance] = [of(`${bn}.running_mean`), of(`${bn}.running_var`)];
  const convBias = node.bias ? of(`${node.name}.bias`) : undefined;
  const alpha = weight.map((w, c) => w / Math.sqrt(variance[c]! + BN_EPSILON));
  const beta = bias.map((b, c) => b + ((convBias?.[c] ?? 0) - mean[c]!) * alpha[c]!);
  return { alpha, beta };
}

function checkConv(node: NetConv, fail: (why: string, hint: string) => never): void {
  const hint =
    'training supports convolutions with one group, and depthwise ones with one filter per channel';
  const depthwise = isDepthwise(node) && node.out === node.in;
  if (node.groups !== 1 && !depthwise)
    fail(`${node.groups} groups of ${node.in} and ${node.out} channels`, hint);
  if (node.padding[0] >= node.kernel[0] || node.padding[1] >= node.kernel[1])
    fail(`padding ${node.padding.join('x')} reaches beyond its ${node.kernel.join('x')} kernel`, hint);
}

/** Refuses nets that cannot be trained, and parameters that do not match the net, before any work is done. */
export function checkTrainable(net: Net): void {
  netShapes(net);
  for (const node of net.nodes)
    trainedOp(node).check?.(node, (why, hint) => {
      throw new SpikeletError(`net ${net.name}, ${node.op} '${node.name}' cannot be trained here: ${why}`, {
        hint,
      });
    });
  checkParams(net);
}
