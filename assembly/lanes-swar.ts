/**
 * Sixteen-bit lanes in plain integers: the same sums as lanes-simd.ts, four outputs to a pair of u32. Lanes carry into
 * their neighbours, but all arithmetic is modulo 2^32 and the excess is known, so every carry cancels in the end.
 * No multiplication and no 64-bit integer: on a Cortex-M or through wasm2js it stays five cheap instructions for
 * four outputs.
 */
export type Lanes = u32;

/** Bytes of the weights that a pair adds for one input: one for each of its outputs. */
export const PAIR: i32 = 4;

@inline
export function zero(): Lanes {
  return 0;
}

@inline
export function add(a: Lanes, b: Lanes): Lanes {
  return a + b;
}

@inline
export function highBytes(a: Lanes): Lanes {
  return (a >> 8) & 0x00ff00ff;
}

@inline
function storeTwo<S>(to: usize, sums: u32): void {
  const first = <i32>(<i16>sums);
  store<S>(to, <S>first);
  store<S>(to, <S>(<i32>(sums - first) >> 16), sizeof<S>());
}

/** Stores a pair's sums as S at `to`; `bias` is what every weight byte added too much. */
@inline
export function storeSums<S>(to: usize, whole: Lanes, high: Lanes, bias: i32): void {
  const excess = <u32>bias * 0x00010001;
  storeTwo<S>(to, whole - (high << 8) - excess);
  storeTwo<S>(to + 2 * sizeof<S>(), high - excess);
}

@inline
function addTwo(to: usize, sums: u32, plane: i32): void {
  const first = <i32>(<i16>sums);
  store<i32>(to, load<i32>(to) + (first << plane));
  store<i32>(to, load<i32>(to, 4) + ((<i32>(sums - first) >> 16) << plane), 4);
}

/** Adds a pair's sums, times 2^plane, to the i32 sums at `to`. */
@inline
export function addSums(to: usize, whole: Lanes, high: Lanes, bias: i32, plane: i32): void {
  const excess = <u32>bias * 0x00010001;
  addTwo(to, whole - (high << 8) - excess, plane);
  addTwo(to + 8, high - excess, plane);
}
