/**
 * How many thresholds of type T a value reaches, `stride` values apart. Without a branch on the value, which hosts would
 * foresee badly: with one the 10M network takes 12 % longer in the swar tier. Most networks have four.
 */
@inline
export function reached<T>(value: i32, thresholds: usize, stride: i32, levels: i32): i32 {
  const step = <usize>stride * sizeof<T>();
  if (levels == 4)
    return (
      i32(value >= <i32>load<T>(thresholds)) +
      i32(value >= <i32>load<T>(thresholds + step)) +
      i32(value >= <i32>load<T>(thresholds + 2 * step)) +
      i32(value >= <i32>load<T>(thresholds + 3 * step))
    );
  let n = 0;
  for (let l = 0; l < levels; l++) {
    n += i32(value >= <i32>load<T>(thresholds));
    thresholds += step;
  }
  return n;
}
