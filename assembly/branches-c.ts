// With branches: for C on cores with a short pipeline, where a branch costs less than it saves.

/**
 * How many thresholds of type T a value reaches, `stride` values apart. They ascend, and most neurons are
 * silent, so the first one usually decides.
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

/** Lists an input if `spike` is 1; returns where the next entry goes. */
@inline
export function listIf<E>(entries: usize, index: i32, spike: u32): usize {
  if (!spike) return entries;
  store<E>(entries, <E>index);
  return entries + sizeof<E>();
}
