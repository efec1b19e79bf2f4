import { reached } from './branches';
import { scaleOne } from './scalar';

// Called once per position of a map, so these stay functions that layers share.

/**
 * y[o] = number of thresholds that value o of type S reaches, for n outputs, packed or not; thresholds of
 * type T [level][stride].
 */
export function fireRun<S, T>(
  from: usize, y: usize, n: i32, thresholds: usize, stride: i32, levels: i32, packed: bool,
): void {
  // A threshold shared by all channels has no stride.
  const step: usize = stride > 1 ? sizeof<T>() : 0;
  if (packed) {
    for (; n > 0; n -= 2) {
      let pair = reached<T>(<i32>load<S>(from), thresholds, stride, levels);
      if (n > 1) pair |= reached<T>(<i32>load<S>(from, sizeof<S>()), thresholds + step, stride, levels) << 4;
      store<u8>(y++, <u8>pair);
      from += 2 * sizeof<S>();
      thresholds += 2 * step;
    }
    return;
  }
  for (const end = y + n; y < end; y++) {
    store<u8>(y, reached<T>(<i32>load<S>(from), thresholds, stride, levels));
    from += sizeof<S>();
    thresholds += step;
  }
}

/** y = residual + ((sum * multiplier + bias) >> shift) for n outputs, each with its multiplier and bias. */
export function scaleRun<S, R, Y>(
  multiplier: usize, bias: usize, shift: i32, sums: usize, y: usize, x1: usize, n: i32, residual: bool,
): void {
  for (; n > 0; n--) {
    scaleOne<S, R, Y>(multiplier, bias, shift, sums, y, x1, residual);
    multiplier += 4;
    bias += 4;
    sums += sizeof<S>();
    y += sizeof<Y>();
    x1 += sizeof<R>();
  }
}
