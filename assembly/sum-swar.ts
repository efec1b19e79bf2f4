/** Sets `n` sums of type S to zero. */
@inline
export function clear<S>(sums: usize, n: i32): void {
  for (const end = sums + <usize>n * sizeof<S>(); sums < end; sums += sizeof<S>()) store<S>(sums, 0);
}

@inline
function addOne<S, W>(sums: usize, weights: usize, x: i32): void {
  store<S>(sums, <S>(<i32>load<S>(sums) + x * <i32>load<W>(weights)));
}

/** sums[i] += x * weights[i] for i < n and types S and W: one event. */
@inline
export function addScaled<S, W>(sums: usize, weights: usize, x: i32, n: i32): void {
  for (const end = sums + <usize>(n & ~3) * sizeof<S>(); sums < end; sums += 4 * sizeof<S>()) {
    addOne<S, W>(sums, weights, x);
    addOne<S, W>(sums + sizeof<S>(), weights + sizeof<W>(), x);
    addOne<S, W>(sums + 2 * sizeof<S>(), weights + 2 * sizeof<W>(), x);
    addOne<S, W>(sums + 3 * sizeof<S>(), weights + 3 * sizeof<W>(), x);
    weights += 4 * sizeof<W>();
  }
  if ((n & 3) > 0) addOne<S, W>(sums, weights, x);
  if ((n & 3) > 1) addOne<S, W>(sums + sizeof<S>(), weights + sizeof<W>(), x);
  if ((n & 3) > 2) addOne<S, W>(sums + 2 * sizeof<S>(), weights + 2 * sizeof<W>(), x);
}
