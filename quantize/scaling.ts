import { SpikeletError } from '../models/error.js';
import type { ChannelRange } from '../models/ops/op.js';

/** acc * multiplier + bias >> shift, per channel; the bias holds the rounding half. */
export type Scaling = { multiplier: Int32Array; bias: Int32Array; shift: number };

const MAX_INT32 = 2 ** 31 - 1;

/**
 * The most precise integers for y = scale * acc + offset (in units of the result) with one shift for all
 * channels: the largest shift, at most `maxShift`, that provably keeps acc * multiplier + bias within 32
 * bits. Throws if not even shift 0 fits; `name` is the layer's.
 */
export function scalingOf(
  name: string,
  scale: Float64Array,
  offset: Float64Array,
  acc: ChannelRange,
  maxShift = 30,
): Scaling {
  for (let shift = maxShift; shift >= 0; shift--) {
    const half = shift > 0 ? 2 ** (shift - 1) : 0;
    const multiplier = scale.map((s) => Math.round(s * 2 ** shift));
    const bias = offset.map((b) => Math.round(b * 2 ** shift) + half);
    const fits = multiplier.every(
      (m, o) =>
        m <= MAX_INT32 &&
        Math.abs(bias[o]!) <= MAX_INT32 &&
        acc.hi[o]! * m + bias[o]! <= MAX_INT32 &&
        acc.lo[o]! * m + bias[o]! >= -MAX_INT32,
    );
    if (fits) return { multiplier: Int32Array.from(multiplier), bias: Int32Array.from(bias), shift };
  }
  throw new SpikeletError(`layer '${name}': its range does not fit 32-bit arithmetic`, {
    hint: 'a weight or a batch norm of this layer is far larger than the others; was the training stable?',
  });
}
