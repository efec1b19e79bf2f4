import { Node } from './node';
import { reached, scaleOne } from './scalar';

// Called once for every place of a map, so these stay functions that layers share.

/** y[o] = thresholds that value o of type S reaches, for n outputs; thresholds of type T [level][stride]. */
export function fireRun<S, T>(from: usize, y: usize, n: i32, thresholds: usize, stride: i32, levels: i32): void {
  for (const end = y + n; y < end; y++) {
    store<u8>(y, reached<T>(<i32>load<S>(from), thresholds, stride, levels));
    from += sizeof<S>();
    // One threshold for all channels has no stride.
    if (stride > 1) thresholds += sizeof<T>();
  }
}

/** y = residual + ((sum * multiplier + bias) >> shift) for n outputs from output `first` on. */
export function scaleRun<S, R, Y>(
  node: Node, sums: usize, y: usize, x1: usize, first: i32, n: i32, residual: bool,
): void {
  for (let o = first; o < first + n; o++) {
    scaleOne<S, R, Y>(node, sums, y, x1, o, residual);
    sums += sizeof<S>();
    y += sizeof<Y>();
    x1 += sizeof<R>();
  }
}
