import { Node } from './node';

/** What becomes of a node's sums. */
export const enum End {
  Fire,
  Charge,
  Readout,
}

/** How many of `levels` ascending thresholds of type T a value reaches. */
@inline
export function reached<T>(value: i32, thresholds: usize, levels: i32): i32 {
  let n = 0;
  while (n < levels && value >= <i32>load<T>(thresholds + n * sizeof<T>())) n++;
  return n;
}

// Called once for every place of a map, so these two stay functions that layers share.

/** y[o] = spikes of sum o; `thresholds` [out][levels], or [levels] where `shared`. */
export function fire<T>(sums: usize, y: usize, out: i32, thresholds: usize, levels: i32, shared: bool): void {
  for (const end = y + out; y < end; y++) {
    store<u8>(y, reached<T>(load<i32>(sums), thresholds, levels));
    sums += 4;
    if (!shared) thresholds += levels * sizeof<T>();
  }
}

@inline
function clamp<Y>(value: i32): i32 {
  return sizeof<Y>() == 2 ? min(max(value, i16.MIN_VALUE), i16.MAX_VALUE) : value;
}

/** y[o] = ((sum[o] * multiplier[o] + bias[o]) >> shift), plus a residual of type R, clamped to Y: see models/ops/accumulate.ts. */
export function scale<R, Y>(
  node: Node,
  sums: usize,
  y: usize,
  out: i32,
  x1: usize,
  residual: bool,
  saturate: bool,
): void {
  const shift = node.shift;
  let multiplier = node.multiplier;
  let bias = node.bias;
  for (const end = y + out * sizeof<Y>(); y < end; y += sizeof<Y>()) {
    let value = (load<i32>(sums) * load<i32>(multiplier) + load<i32>(bias)) >> shift;
    if (residual) {
      value += <i32>load<R>(x1);
      x1 += sizeof<R>();
    }
    store<Y>(y, <Y>(saturate ? clamp<Y>(value) : value));
    sums += 4;
    multiplier += 4;
    bias += 4;
  }
}
