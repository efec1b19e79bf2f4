import { Node } from './node';
import { reached, scaleOne } from './scalar';

// Called once for every place of a map, so these stay functions that layers share.

/** Four values of type S as i32. */
@inline
function four<S>(from: usize): v128 {
  return sizeof<S>() == 2 ? v128.load_ext<i16>(from) : v128.load(from);
}

/** Minus the thresholds that eight values reach, in i16 lanes. */
@inline
function eight<S, T>(from: usize, thresholds: usize, stride: i32, levels: i32): v128 {
  if (sizeof<T>() == 2) {
    const values = v128.load(from);
    let n = i16x8.splat(0);
    for (let l = 0; l < levels; l++) {
      const t = stride > 1 ? v128.load(thresholds) : v128.load_splat<u16>(thresholds);
      n = i16x8.add(n, i16x8.ge_s(values, t));
      thresholds += <usize>stride * 2;
    }
    return n;
  }
  const low = four<S>(from);
  const high = four<S>(from + 4 * sizeof<S>());
  let a = i32x4.splat(0);
  let b = i32x4.splat(0);
  for (let l = 0; l < levels; l++) {
    const t = stride > 1 ? v128.load(thresholds) : v128.load_splat<u32>(thresholds);
    const u = stride > 1 ? v128.load(thresholds, 16) : t;
    a = i32x4.add(a, i32x4.ge_s(low, t));
    b = i32x4.add(b, i32x4.ge_s(high, u));
    thresholds += <usize>stride * 4;
  }
  return i16x8.narrow_i32x4_s(a, b);
}

/** y[o] = thresholds that value o of type S reaches, for n outputs; thresholds of type T [level][stride]. */
export function fireRun<S, T>(from: usize, y: usize, n: i32, thresholds: usize, stride: i32, levels: i32): void {
  const step: usize = stride > 1 ? sizeof<T>() : 0;
  for (; n >= 16; n -= 16) {
    const a = eight<S, T>(from, thresholds, stride, levels);
    const b = eight<S, T>(from + 8 * sizeof<S>(), thresholds + 8 * step, stride, levels);
    v128.store(y, i8x16.neg(i8x16.narrow_i16x8_s(a, b)));
    from += 16 * sizeof<S>();
    thresholds += 16 * step;
    y += 16;
  }
  if (n >= 8) {
    const a = eight<S, T>(from, thresholds, stride, levels);
    v128.store64_lane(y, i8x16.neg(i8x16.narrow_i16x8_s(a, a)), 0);
    from += 8 * sizeof<S>();
    thresholds += 8 * step;
    y += 8;
    n -= 8;
  }
  for (; n > 0; n--) {
    store<u8>(y++, reached<T>(<i32>load<S>(from), thresholds, stride, levels));
    from += sizeof<S>();
    thresholds += step;
  }
}

/** y = residual + ((sum * multiplier + bias) >> shift) for n outputs from output `first` on. */
export function scaleRun<S, R, Y>(
  node: Node, sums: usize, y: usize, x1: usize, first: i32, n: i32, residual: bool,
): void {
  const shift = node.shift;
  let o = first;
  for (const end = first + (n & ~3); o < end; o += 4) {
    const at = <usize>o << 2;
    const product = i32x4.mul(four<S>(sums), v128.load(node.multiplier + at));
    let value = i32x4.shr_s(i32x4.add(product, v128.load(node.bias + at)), shift);
    if (residual) value = i32x4.add(value, four<R>(x1));
    // Clamps; where nothing saturates all values fit.
    if (sizeof<Y>() == 2) v128.store64_lane(y, i16x8.narrow_i32x4_s(value, value), 0);
    else v128.store(y, value);
    sums += 4 * sizeof<S>();
    y += 4 * sizeof<Y>();
    x1 += 4 * sizeof<R>();
  }
  for (; o < first + n; o++) {
    scaleOne<S, R, Y>(node, sums, y, x1, o, residual);
    sums += sizeof<S>();
    y += sizeof<Y>();
    x1 += sizeof<R>();
  }
}
