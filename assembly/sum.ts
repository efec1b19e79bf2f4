/** Sets `n` sums to zero. */
@inline
export function clear(sums: usize, n: i32): void {
  for (let end = sums + (<usize>n << 2); sums < end; sums += 4) store<i32>(sums, 0);
}

@inline
function addOne<W>(sums: usize, weights: usize, x: i32, i: usize): void {
  const at = sums + (i << 2);
  store<i32>(at, load<i32>(at) + x * <i32>load<W>(weights + i * sizeof<W>()));
}

/** sums[i] += x * weights[i] for i < n: one event. */
@inline
export function addScaled<W>(sums: usize, weights: usize, x: i32, n: i32): void {
  const end = sums + (<usize>(n & ~3) << 2);
  for (; sums < end; sums += 16) {
    addOne<W>(sums, weights, x, 0);
    addOne<W>(sums, weights, x, 1);
    addOne<W>(sums, weights, x, 2);
    addOne<W>(sums, weights, x, 3);
    weights += 4 * sizeof<W>();
  }
  if ((n & 3) > 0) addOne<W>(sums, weights, x, 0);
  if ((n & 3) > 1) addOne<W>(sums, weights, x, 1);
  if ((n & 3) > 2) addOne<W>(sums, weights, x, 2);
}
