import { reached } from './branches';
import { reachedPair, scaleOne } from './scalar';

// Inlined into every layer, because constant arguments save 6 % of the 10M model's time, for 7 kB of code.

/** Four values of type S as i32. */
@inline
function four<S>(from: usize): v128 {
  return sizeof<S>() == 2 ? v128.load_ext<i16>(from) : v128.load(from);
}

/** The thresholds at `from` of four or eight neighbouring channels; one is shared by all if `stride` is 1. */
@inline
function row<T>(from: usize, stride: i32): v128 {
  if (stride > 1) return v128.load(from);
  return sizeof<T>() == 2 ? v128.load_splat<u16>(from) : v128.load_splat<u32>(from);
}

/** Counts of sixteen values, in bytes: levels minus the thresholds above the value, one comparison each. */
@inline
function sixteen<S, T>(from: usize, thresholds: usize, stride: i32, levels: i32): v128 {
  if (sizeof<T>() == 2) {
    const low = v128.load(from);
    const high = v128.load(from, 16);
    let a = i16x8.splat(<i16>levels);
    let b = a;
    for (let l = 0; l < levels; l++) {
      a = i16x8.add(a, i16x8.gt_s(row<T>(thresholds, stride), low));
      b = i16x8.add(b, i16x8.gt_s(row<T>(stride > 1 ? thresholds + 16 : thresholds, stride), high));
      thresholds += <usize>stride << 1;
    }
    return i8x16.narrow_i16x8_s(a, b);
  }
  const step: usize = stride > 1 ? 16 : 0;
  const v0 = four<S>(from);
  const v1 = four<S>(from + 4 * sizeof<S>());
  const v2 = four<S>(from + 8 * sizeof<S>());
  const v3 = four<S>(from + 12 * sizeof<S>());
  let a = i32x4.splat(levels);
  let b = a;
  let c = a;
  let d = a;
  for (let l = 0; l < levels; l++) {
    a = i32x4.add(a, i32x4.gt_s(row<T>(thresholds, stride), v0));
    b = i32x4.add(b, i32x4.gt_s(row<T>(thresholds + step, stride), v1));
    c = i32x4.add(c, i32x4.gt_s(row<T>(thresholds + 2 * step, stride), v2));
    d = i32x4.add(d, i32x4.gt_s(row<T>(thresholds + 3 * step, stride), v3));
    thresholds += <usize>stride << 2;
  }
  return i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d));
}

/**
 * y[o] = number of thresholds that value o of type S reaches, for n outputs, packed or not (counts.ts);
 * thresholds of type T, at least as wide as S, [level][stride].
 */
@inline
export function fireRun<S, T>(
  from: usize, y: usize, n: i32, thresholds: usize, stride: i32, levels: i32, packed: bool,
): void {
  const step: usize = stride > 1 ? sizeof<T>() : 0;
  for (; n >= 16; n -= 16) {
    const counts = sixteen<S, T>(from, thresholds, stride, levels);
    if (packed) {
      const pairs = v128.and(v128.or(counts, i16x8.shr_u(counts, 4)), i16x8.splat(0xff));
      v128.store64_lane(y, i8x16.narrow_i16x8_u(pairs, pairs), 0);
    } else v128.store(y, counts);
    from += 16 * sizeof<S>();
    thresholds += 16 * step;
    y += packed ? 8 : 16;
  }
  if (packed) {
    for (; n > 0; n -= 2) {
      store<u8>(y++, reachedPair<S, T>(from, n, thresholds, stride, levels));
      from += 2 * sizeof<S>();
      thresholds += 2 * step;
    }
    return;
  }
  for (; n > 0; n--) {
    store<u8>(y++, reached<T>(<i32>load<S>(from), thresholds, stride, levels));
    from += sizeof<S>();
    thresholds += step;
  }
}

/** y = residual + ((sum * multiplier + bias) >> shift) for n outputs, each with its multiplier and bias. */
@inline
export function scaleRun<S, R, Y>(
  multiplier: usize, bias: usize, shift: i32, sums: usize, y: usize, x1: usize, n: i32, residual: bool,
): void {
  for (; n >= 4; n -= 4) {
    const product = i32x4.mul(four<S>(sums), v128.load(multiplier));
    let value = i32x4.shr_s(i32x4.add(product, v128.load(bias)), shift);
    if (residual) value = i32x4.add(value, four<R>(x1));
    // Narrowing clamps; without saturation all values fit anyway.
    if (sizeof<Y>() == 2) v128.store64_lane(y, i16x8.narrow_i32x4_s(value, value), 0);
    else v128.store(y, value);
    multiplier += 16;
    bias += 16;
    sums += 4 * sizeof<S>();
    y += 4 * sizeof<Y>();
    x1 += 4 * sizeof<R>();
  }
  for (; n > 0; n--) {
    scaleOne<S, R, Y>(multiplier, bias, shift, sums, y, x1, residual);
    multiplier += 4;
    bias += 4;
    sums += sizeof<S>();
    y += sizeof<Y>();
    x1 += sizeof<R>();
  }
}
