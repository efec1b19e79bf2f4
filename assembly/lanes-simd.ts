/**
 * Sixteen-bit lanes in a SIMD vector. A pair of vectors (`whole`, `high`) sums sixteen outputs whose weights
 * are in one vector of bytes, each byte w + bias: `whole` adds the vector unchanged, eight lanes of low byte
 * + 256 * high byte, and `high` adds only the high bytes. Modulo 2^16 the sum of the low bytes is then whole
 * - 256 * high, so a spike costs one load, one shift and two additions for sixteen outputs: 202 GMAC/s at 28
 * % density, while extending bytes to lanes gives 135 and multiplying by the count 115 (192 inputs, 48
 * outputs, Zen 5, Node 20).
 */
export type Lanes = v128;

/** Bytes of weights that a pair adds per input: one for each of its outputs. */
export const PAIR: i32 = 16;

@inline
export function zero(): Lanes {
  return i16x8.splat(0);
}

@inline
export function add(a: Lanes, b: Lanes): Lanes {
  return i16x8.add(a, b);
}

@inline
export function highBytes(a: Lanes): Lanes {
  return i16x8.shr_u(a, 8);
}

/** Stores a pair's sums as S at `to`; `bias` is the total excess of the weight bytes. */
@inline
export function storeSums<S>(to: usize, whole: Lanes, high: Lanes, bias: i32): void {
  const excess = i16x8.splat(<i16>bias);
  const first = i16x8.sub(i16x8.sub(whole, i16x8.shl(high, 8)), excess);
  const second = i16x8.sub(high, excess);
  if (sizeof<S>() == 2) {
    v128.store(to, first);
    v128.store(to, second, 16);
  } else {
    v128.store(to, i32x4.extend_low_i16x8_s(first));
    v128.store(to, i32x4.extend_high_i16x8_s(first), 16);
    v128.store(to, i32x4.extend_low_i16x8_s(second), 32);
    v128.store(to, i32x4.extend_high_i16x8_s(second), 48);
  }
}

@inline
function addWide(to: usize, sums: v128, plane: i32): void {
  v128.store(to, i32x4.add(v128.load(to), i32x4.shl(i32x4.extend_low_i16x8_s(sums), plane)));
  v128.store(to, i32x4.add(v128.load(to, 16), i32x4.shl(i32x4.extend_high_i16x8_s(sums), plane)), 16);
}

/** Adds a pair's sums, times 2^plane, to the i32 sums at `to`. */
@inline
export function addSums(to: usize, whole: Lanes, high: Lanes, bias: i32, plane: i32): void {
  const excess = i16x8.splat(<i16>bias);
  addWide(to, i16x8.sub(i16x8.sub(whole, i16x8.shl(high, 8)), excess), plane);
  addWide(to + 32, i16x8.sub(high, excess), plane);
}
