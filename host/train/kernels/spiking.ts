import { BN_EPSILON } from '../../../models/index.js';
import type { Fire, Moments } from '../ops.js';
import { type Tensor1D, type Tensor4D, type TfTensor, tf } from '../tf.js';
import type { Heap } from './heap.js';

/** The spiking ops of ops.ts as fused kernels on the wasm heap: one pass forward, and one or two back. */

/** What tfjs passes to a custom gradient after its inputs; missing in its types. */
type Save = (tensors: TfTensor[]) => void;

export function neuronOnHeap(heap: Heap, input: Tensor4D, { levels, divisor, extra }: Fire): Tensor4D {
  return tf.customGrad((t, save) => {
    const x = t as Tensor4D;
    (save as Save)([x]);
    const value = heap.makeTensor<Tensor4D>(x.shape);
    heap.kernels.neuron(heap.address(x), heap.address(value), x.size, levels, divisor);
    const gradFunc = (dy: TfTensor, [saved]: TfTensor[]) => {
      const dx = heap.makeTensor<Tensor4D>(x.shape);
      const addresses = [saved!, dy, dx].map(heap.address);
      heap.kernels.neuronGradient(...addresses, x.size, levels, divisor, extra);
      return dx;
    };
    return { value, gradFunc };
  })(input) as Tensor4D;
}

/** Scratch memory for two rows of per-channel sums, followed by per-channel parameters. */
type Channels = { sums: number; parameters: number[]; readSums(): [Float64Array, Float64Array] };

function channelScratch(heap: Heap, channels: number, ...arrays: Float32Array[]): Channels {
  const sums = heap.scratch(channels * (16 + 4 * arrays.length));
  const parameters = arrays.map((array, i) => {
    const address = sums + channels * (16 + 4 * i);
    heap.floats(address, channels).set(array);
    return address;
  });
  const row = (i: number) => heap.doubles(sums + 8 * channels * i, channels).slice();
  return { sums, parameters, readSums: () => [row(0), row(1)] };
}

export function affineOnHeap(
  heap: Heap,
  x: Tensor4D,
  alpha: Float32Array,
  beta: Float32Array,
  fire?: Fire,
): Tensor4D {
  const channels = x.shape[3];
  const y = heap.makeTensor<Tensor4D>(x.shape);
  const { parameters } = channelScratch(heap, channels, alpha, beta);
  heap.kernels.affine(
    ...[heap.address(x), heap.address(y), x.size / channels, channels],
    ...[...parameters, fire?.levels ?? 0, fire?.divisor ?? 1],
  );
  return y;
}

export function batchNormOnHeap(
  heap: Heap,
  input: Tensor4D,
  weight: Tensor1D,
  bias: Tensor1D,
  fire: Fire | undefined,
  seen: (moments: Moments) => void,
): Tensor4D {
  return tf.customGrad((t, w, b, save) => {
    const x = t as Tensor4D;
    const channels = x.shape[3];
    const rows = x.size / channels;
    const { sums, readSums } = channelScratch(heap, channels);
    heap.kernels.moments(heap.address(x), rows, channels, sums);
    const [sum, squares] = readSums();
    const mean = sum.map((s) => s / rows);
    const variance = squares.map((q, c) => Math.max(0, q / rows - mean[c]! ** 2));
    seen({ mean, variance, rows });
    const inverse = variance.map((v) => 1 / Math.sqrt(v + BN_EPSILON));
    const gamma = heap.values(w as Tensor1D);
    const shift = heap.values(b as Tensor1D);
    const alpha = Float32Array.from(inverse, (value, c) => value * gamma[c]!);
    const beta = alpha.map((a, c) => shift[c]! - mean[c]! * a);
    const value = affineOnHeap(heap, x, alpha, beta, fire);
    (save as Save)([x]);
    const gradFunc = (dy: TfTensor, [saved]: TfTensor[]) => {
      const neuron = [fire?.levels ?? 0, fire?.divisor ?? 1, fire?.extra ?? 0];
      const first = channelScratch(heap, channels, alpha, beta);
      const [from, given] = [heap.address(saved!), heap.address(dy)];
      heap.kernels.affineSums(from, given, rows, channels, ...first.parameters, ...neuron, first.sums);
      const [gradients, products] = first.readSums();
      const dWeight = products.map((p, c) => (p - mean[c]! * gradients[c]!) * inverse[c]!);
      const dx = heap.makeTensor<Tensor4D>(x.shape);
      const { parameters } = channelScratch(
        heap,
        channels,
        alpha,
        beta,
        Float32Array.from(mean),
        Float32Array.from(gradients, (g) => g / rows),
        Float32Array.from(dWeight, (d, c) => (d * inverse[c]!) / rows),
      );
      heap.kernels.affineGradient(from, given, heap.address(dx), rows, channels, ...parameters, ...neuron);
      return [dx, tf.tensor1d(Float32Array.from(dWeight)), tf.tensor1d(Float32Array.from(gradients))];
    };
    return { value, gradFunc };
  })(input, weight, bias) as Tensor4D;
}

export function attendOnHeap(
  heap: Heap,
  query: Tensor4D,
  key: Tensor4D,
  content: Tensor4D,
  heads: number,
  scale: number,
): Tensor4D {
  return tf.customGrad((...args) => {
    const [q, k, v] = args as [Tensor4D, Tensor4D, Tensor4D];
    const save = args[3] as Save;
    save([q, k, v]);
    const [batch, h, w, qk] = q.shape;
    const vs = v.shape[3];
    const state = 4 * (qk / heads) * (vs / heads);
    const sizes = [batch, h * w, qk, vs, heads, scale];
    const value = heap.makeTensor<Tensor4D>(v.shape);
    heap.kernels.attend(...[q, k, v, value].map(heap.address), heap.scratch(state), ...sizes);
    const gradFunc = (dy: TfTensor, saved: TfTensor[]) => {
      const outputs = [q, k, v].map((input) => heap.makeTensor(input.shape));
      const addresses = [...saved, dy, ...outputs].map(heap.address);
      heap.kernels.attendGradient(...addresses, heap.scratch(3 * state), ...sizes);
      return outputs;
    };
    return { value, gradFunc };
  })(query, key, content) as Tensor4D;
}
