/** Sets `n` sums of type S to zero. */
@inline
export function clear<S>(sums: usize, n: i32): void {
  const end = sums + <usize>n * sizeof<S>();
  for (; sums + 16 <= end; sums += 16) v128.store(sums, i32x4.splat(0));
  for (; sums < end; sums += sizeof<S>()) store<S>(sums, 0);
}

/**
 * sums[i] += x * weights[i] for i < n, for types S (i16 or i32) and W (8 bits, or 16 bits into i32): one
 * event.
 */
@inline
export function addScaled<S, W>(sums: usize, weights: usize, x: i32, n: i32): void {
  const end = sums + <usize>n * sizeof<S>();
  if (sizeof<S>() == 2) {
    const scale = i16x8.splat(<i16>x);
    for (; sums + 16 <= end; sums += 16) {
      v128.store(sums, i16x8.add(v128.load(sums), i16x8.mul(v128.load_ext<W>(weights), scale)));
      weights += 8;
    }
  } else if (sizeof<W>() == 2) {
    const scale = i32x4.splat(x);
    for (; sums + 16 <= end; sums += 16) {
      v128.store(sums, i32x4.add(v128.load(sums), i32x4.mul(v128.load_ext<W>(weights), scale)));
      weights += 8;
    }
  }
  for (; sums < end; sums += sizeof<S>()) {
    store<S>(sums, <S>(<i32>load<S>(sums) + x * <i32>load<W>(weights)));
    weights += sizeof<W>();
  }
}
