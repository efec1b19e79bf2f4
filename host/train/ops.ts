import { BN_EPSILON } from '../../models/index.js';
import { currentHeap } from './kernels/register.js';
import { affineOnHeap, attendOnHeap, batchNormOnHeap, neuronOnHeap } from './kernels/spiking.js';
import { type Tensor1D, type Tensor4D, type TfTensor, tf } from './tf.js';

/**
 * The spiking ops that tfjs does not have, differentiable. Each has two forms: fused kernels on the wasm
 * heap, and a composition of tfjs ops for every other backend.
 */

/** A neuron's n = round_half_even(clip(x, 0, levels)), value n / divisor. */
export type Fire = {
  levels: number;
  divisor: number;
  /** A constant dL/dvalue of every element: the firing penalty's. */
  extra: number;
};

/**
 * The SFA neuron. Gradient 1 / divisor for 0 <= x <= levels, inclusive, otherwise 0: in the reference the
 * division is outside the straight-through estimator.
 */
export function neuron(x: Tensor4D, fire: Fire): Tensor4D {
  const heap = currentHeap();
  return heap ? neuronOnHeap(heap, x, fire) : neuronOfOps(x, fire);
}

/** Per-channel statistics of a batch: mean and biased variance over all `rows` positions. */
export type Moments = { mean: Float64Array; variance: Float64Array; rows: number };

/**
 * Batch normalisation with the statistics of this batch, over all but the last dimension, followed by the
 * neuron if `fire` is given. `seen` gets the statistics, to update the running ones.
 */
export function batchNorm(
  x: Tensor4D,
  weight: Tensor1D,
  bias: Tensor1D,
  fire: Fire | undefined,
  seen: (moments: Moments) => void,
): Tensor4D {
  const heap = currentHeap();
  if (heap) return batchNormOnHeap(heap, x, weight, bias, fire, seen);
  const { mean, variance } = tf.moments(x, [0, 1, 2]);
  const rows = x.size / weight.size;
  seen({ mean: Float64Array.from(mean.dataSync()), variance: Float64Array.from(variance.dataSync()), rows });
  const alpha = tf.mul(tf.rsqrt(tf.add(variance, BN_EPSILON)), weight);
  const y = tf.add(tf.mul(tf.sub(x, mean), alpha), bias) as Tensor4D;
  return fire ? neuronOfOps(y, fire) : y;
}

/** alpha[channel] * x + beta[channel], followed by the neuron if `fire` is given. Not differentiable. */
export function affine(x: Tensor4D, alpha: Float32Array, beta: Float32Array, fire?: Fire): Tensor4D {
  const heap = currentHeap();
  if (heap) return affineOnHeap(heap, x, alpha, beta, fire);
  const y = tf.add(tf.mul(x, tf.tensor1d(alpha)), tf.tensor1d(beta)) as Tensor4D;
  return fire ? neuronOfOps(y, fire) : y;
}

type Conv = { stride: [number, number]; padding: [number, number]; depthwise: boolean };

/**
 * A convolution without bias; `filter` is [rows, columns, in, out], or depthwise [rows, columns, channels,
 * 1].
 */
export function convolve(x: Tensor4D, filter: Tensor4D, { stride, padding, depthwise }: Conv): Tensor4D {
  const [top, left] = padding;
  const pads: [number, number][] = [
    [0, 0],
    [top, top],
    [left, left],
    [0, 0],
  ];
  const conv = depthwise ? tf.depthwiseConv2d : tf.conv2d;
  const [rows, columns, inputs, outputs] = filter.shape;
  // A dense layer: if the kernel covers the whole map, reshape to one position, so that a 1x1 convolution is
  // a matrix product.
  if (!depthwise && !top && !left && rows * columns > 1 && rows === x.shape[1] && columns === x.shape[2]) {
    const size = rows * columns * inputs;
    const [position, matrix] = [
      tf.reshape(x, [x.shape[0], 1, 1, size]),
      tf.reshape(filter, [1, 1, size, outputs]),
    ];
    return tf.conv2d(position as Tensor4D, matrix as Tensor4D, 1, 'valid');
  }
  if (!top && !left) return conv(x, filter, stride, 'valid');
  // Our kernels pad as they go. tfjs-node's gradients do not support explicit padding, so elsewhere it is a
  // separate op.
  if (currentHeap()) return conv(x, filter, stride, pads as unknown as 'valid');
  return conv(tf.pad(x, pads), filter, stride, 'valid');
}

/** scale * q (k^T v) per head, without softmax; heads split the channels contiguously. */
export function attend(q: Tensor4D, k: Tensor4D, v: Tensor4D, heads: number, scale: number): Tensor4D {
  const heap = currentHeap();
  return heap ? attendOnHeap(heap, q, k, v, heads, scale) : attendOfOps(q, k, v, heads, scale);
}

function neuronOfOps(input: Tensor4D, { levels, divisor, extra }: Fire): Tensor4D {
  return tf.customGrad((x, save) => {
    (save as (tensors: TfTensor[]) => void)([x as TfTensor]);
    return {
      value: tf.div(tf.round(tf.clipByValue(x as Tensor4D, 0, levels)), divisor) as Tensor4D,
      gradFunc: (dy, [saved]) => {
        const inside = tf.logicalAnd(tf.greaterEqual(saved!, 0), tf.lessEqual(saved!, levels));
        return tf.mul(tf.div(tf.add(dy, extra), divisor), tf.cast(inside, 'float32'));
      },
    };
  })(input) as Tensor4D;
}

function attendOfOps(q: Tensor4D, k: Tensor4D, v: Tensor4D, heads: number, scale: number): Tensor4D {
  const split = (x: Tensor4D): Tensor4D => {
    const [batch, h, w, c] = x.shape;
    return tf.transpose(tf.reshape(x, [batch, h * w, heads, c / heads]), [0, 2, 1, 3]) as Tensor4D;
  };
  const state = tf.matMul(split(k), split(v), true, false);
  const y = tf.mul(tf.matMul(split(q), state), scale);
  return tf.reshape(tf.transpose(y, [0, 2, 1, 3]), v.shape);
}
