import type { WeightBits } from '../models/ops/accumulate.js';

/**
 * Symmetric integer weights, one scale per output channel: w is about q * scale. Layout of q as of w,
 * [out][...].
 */
export type QuantizedWeights = { q: Int8Array; scale: Float64Array };

/** Steps of the search for the scale with the least squared error, as fractions of the largest weight. */
const FRACTIONS = Array.from({ length: 31 }, (_, i) => 1 - i * 0.02);

export const largestWeight = (bits: WeightBits): number => 2 ** (bits - 1) - 1;

const roundTo = (w: number, scale: number, limit: number): number =>
  Math.max(-limit, Math.min(limit, Math.round(w / scale)));

/**
 * Scale per output channel that minimises the squared rounding error: the largest weight need not be reached,
 * which matters at 4 bits. A channel of zeros gets scale 1.
 */
export function weightScales(w: Float32Array, out: number, bits: WeightBits): Float64Array {
  const limit = largestWeight(bits);
  const size = w.length / out;
  return Float64Array.from({ length: out }, (_, o) => {
    const channel = w.subarray(o * size, (o + 1) * size);
    const largest = channel.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    if (largest === 0) return 1;
    let best = { error: Number.POSITIVE_INFINITY, scale: 1 };
    for (const fraction of FRACTIONS) {
      const scale = (largest * fraction) / limit;
      let error = 0;
      for (const v of channel) error += (v - roundTo(v, scale, limit) * scale) ** 2;
      if (error < best.error) best = { error, scale };
    }
    return best.scale;
  });
}

/** Every weight to the nearest multiple of its channel's scale. */
export function roundToNearest(w: Float32Array, scale: Float64Array, bits: WeightBits): Int8Array {
  const limit = largestWeight(bits);
  const size = w.length / scale.length;
  return Int8Array.from(w, (v, i) => roundTo(v, scale[Math.floor(i / size)]!, limit));
}

/**
 * GPTQ (arXiv 2210.17323): rounds the weights of each channel one after the other; those not yet rounded
 * compensate the error, as far as the layer's inputs are correlated. `inverse` is the upper Cholesky factor
 * of the inverse of the inputs' second moments, [size][size] for `size` weights a channel (see
 * inverseCholesky); one for each group.
 */
export function roundWithGptq(
  w: Float32Array,
  scale: Float64Array,
  bits: WeightBits,
  inverse: Float64Array[],
): Int8Array {
  const limit = largestWeight(bits);
  const out = scale.length;
  const size = w.length / out;
  const q = new Int8Array(w.length);
  const row = new Float64Array(size);
  for (let o = 0; o < out; o++) {
    const factor = inverse[Math.floor((o * inverse.length) / out)]!;
    for (let i = 0; i < size; i++) row[i] = w[o * size + i]!;
    for (let i = 0; i < size; i++) {
      const rounded = roundTo(row[i]!, scale[o]!, limit);
      q[o * size + i] = rounded;
      const error = (row[i]! - rounded * scale[o]!) / factor[i * size + i]!;
      for (let j = i + 1; j < size; j++) row[j] = row[j]! - error * factor[i * size + j]!;
    }
  }
  return q;
}
