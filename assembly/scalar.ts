import { reached } from './branches';

/** What a node's sums are turned into. */
export const enum End {
  Fire,
  Charge,
  Readout,
}

/** Two neighbouring counts in one byte (counts.ts); the upper one is 0 if only one value is left. */
@inline
export function reachedPair<S, T>(from: usize, left: i32, thresholds: usize, stride: i32, levels: i32): i32 {
  const low = reached<T>(<i32>load<S>(from), thresholds, stride, levels);
  if (left < 2) return low;
  const next = stride > 1 ? thresholds + sizeof<T>() : thresholds;
  return low | (reached<T>(<i32>load<S>(from, sizeof<S>()), next, stride, levels) << 4);
}

@inline
function clamp<Y>(value: i32): i32 {
  return sizeof<Y>() == 2 ? min(max(value, i16.MIN_VALUE), i16.MAX_VALUE) : value;
}

/**
 * y = residual + ((sum * multiplier + bias) >> shift) for one output, clamped to Y
 * (models/ops/accumulate.ts). Clamping does not change a sum that provably fits, so every kernel clamps.
 */
@inline
export function scaleValue<R, Y>(
  multiplier: usize, bias: usize, shift: i32, sum: i32, y: usize, x1: usize, residual: bool,
): void {
  let value = (sum * load<i32>(multiplier) + load<i32>(bias)) >> shift;
  if (residual) value += <i32>load<R>(x1);
  store<Y>(y, <Y>clamp<Y>(value));
}

/** The same for a sum of type S in memory. */
@inline
export function scaleOne<S, R, Y>(
  multiplier: usize, bias: usize, shift: i32, sum: usize, y: usize, x1: usize, residual: bool,
): void {
  scaleValue<R, Y>(multiplier, bias, shift, <i32>load<S>(sum), y, x1, residual);
}
