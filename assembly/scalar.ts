import { Node } from './node';

/** What becomes of a node's sums. */
export const enum End {
  Fire,
  Charge,
  Readout,
}

/** How many thresholds of type T a value reaches, `stride` values apart; without a branch on the value. */
@inline
export function reached<T>(value: i32, thresholds: usize, stride: i32, levels: i32): i32 {
  let n = 0;
  for (let l = 0; l < levels; l++) {
    n += i32(value >= <i32>load<T>(thresholds));
    thresholds += <usize>stride * sizeof<T>();
  }
  return n;
}

@inline
function clamp<Y>(value: i32): i32 {
  return sizeof<Y>() == 2 ? min(max(value, i16.MIN_VALUE), i16.MAX_VALUE) : value;
}

/**
 * y = residual + ((sum * multiplier + bias) >> shift) of output `o`, clamped to Y (models/ops/accumulate.ts). A sum that
 * provably fits is not changed by clamping, so every kernel clamps.
 */
@inline
export function scaleOne<S, R, Y>(node: Node, sum: usize, y: usize, x1: usize, o: i32, residual: bool): void {
  const at = <usize>o << 2;
  let value = (<i32>load<S>(sum) * load<i32>(node.multiplier + at) + load<i32>(node.bias + at)) >> node.shift;
  if (residual) value += <i32>load<R>(x1);
  store<Y>(y, <Y>clamp<Y>(value));
}
