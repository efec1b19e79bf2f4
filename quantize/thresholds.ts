import { spikeCount } from '../models/run.js';

/**
 * The D integer thresholds of a neuron on y = scale * acc + offset, scale >= 0: the count of y is the number
 * of thresholds that acc reaches, for every acc in lo..hi. Found exactly, ties to even included, by asking
 * the neuron itself on both sides of each estimate. A threshold that no acc reaches is hi + 1, one that all
 * reach is lo.
 */
export function thresholdsOf(
  scale: number,
  offset: number,
  levels: number,
  lo: number,
  hi: number,
): Int32Array {
  const reached = (acc: number, k: number) => spikeCount(scale * acc + offset, levels) >= k;
  return Int32Array.from({ length: levels }, (_, index) => {
    const k = index + 1;
    if (reached(lo, k)) return lo;
    if (!reached(hi, k)) return hi + 1;
    let [below, at] = [lo, hi];
    while (at - below > 1) {
      const middle = Math.floor((below + at) / 2);
      if (reached(middle, k)) at = middle;
      else below = middle;
    }
    return at;
  });
}
