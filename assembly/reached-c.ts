/**
 * How many thresholds of type T a value reaches, `stride` values apart; they ascend. As C, for cores that lose little by
 * a branch: most neurons are silent, so the first threshold mostly decides.
 */
@inline
export function reached<T>(value: i32, thresholds: usize, stride: i32, levels: i32): i32 {
  if (value < <i32>load<T>(thresholds)) return 0;
  let n = 1;
  for (; n < levels; n++) {
    thresholds += <usize>stride * sizeof<T>();
    if (value < <i32>load<T>(thresholds)) break;
  }
  return n;
}
