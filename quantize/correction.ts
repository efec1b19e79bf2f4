import type { Moments } from './statistics.js';

/** How a layer's batch norm is adapted to its rounded weights, by what it does to the calibration images. */
export type Correction = 'none' | 'bias' | 'statistics';

/**
 * Adapts y = scale * acc + offset in place, so that every channel has the float network's mean (`bias`), and
 * its deviation too (`statistics`, batch norm re-estimation). `wanted` are the float network's moments of y,
 * `integer` those of acc, image by image.
 *
 * The images differ from each other more than the two networks do, so a few of them say little: each
 * correction is shrunk by the half-width of its 95 % confidence interval, taken from the images pairwise (in
 * the way of the positive-part James-Stein estimator). With one image nothing is corrected.
 */
export function correct(
  correction: Correction,
  wanted: Moments[],
  integer: Moments[],
  scale: Float64Array,
  offset: Float64Array,
): void {
  if (correction === 'none') return;
  for (let o = 0; o < scale.length; o++) {
    const [s, b] = [scale[o]!, offset[o]!];
    const float = wanted.map(({ mean, square }) => ({ mean: mean[o]!, square: square[o]! }));
    const current = integer.map(({ mean, square }) => ({
      mean: s * mean[o]! + b,
      square: s * s * square[o]! + 2 * s * b * mean[o]! + b * b,
    }));
    const center = average(current.map(({ mean }) => mean));
    const gain =
      correction === 'statistics' ? Math.sqrt(1 + shrunkRatio(variances(float), variances(current))) : 1;
    const shift = shrunkMean(float.map(({ mean }, i) => mean - center - gain * (current[i]!.mean - center)));
    scale[o] = s * gain;
    offset[o] = center + shift + gain * (b - center);
  }
}

const average = (values: number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;

/** Per image, about the mean of all images. */
function variances(images: { mean: number; square: number }[]): number[] {
  const center = average(images.map(({ mean }) => mean));
  return images.map(({ mean, square }) => Math.max(0, square - 2 * center * mean + center * center));
}

/** Two-sided 95 % points of Student's t for 1 to 10 degrees of freedom. */
const STUDENT = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];

/** For more degrees of freedom, within 0.01 of the tables. */
const student = (freedom: number): number => STUDENT[freedom - 1] ?? 1.96 + 2.65 / freedom;

/**
 * What is left of an estimate from n images with a squared standard error; within the interval of 0, nothing.
 */
const shrunk = (estimate: number, squaredError: number, n: number): number =>
  estimate === 0
    ? 0
    : estimate * Math.max(0, 1 - (student(n - 1) ** 2 * squaredError) / (estimate * estimate));

/** The mean of differences, as far as it stands out from their spread. */
function shrunkMean(differences: number[]): number {
  const n = differences.length;
  const mean = average(differences);
  const spread = differences.reduce((sum, d) => sum + (d - mean) ** 2, 0);
  return n < 2 ? 0 : shrunk(mean, spread / (n * (n - 1)), n);
}

/**
 * mean(a) / mean(b) - 1, as far as it stands out from its standard error (ratio estimator); 0 where either is
 * 0.
 */
function shrunkRatio(a: number[], b: number[]): number {
  const n = a.length;
  const [meanA, meanB] = [average(a), average(b)];
  if (n < 2 || !(meanA > 0 && meanB > 0)) return 0;
  const ratio = meanA / meanB;
  const spread = a.reduce((sum, v, i) => sum + (v - ratio * b[i]!) ** 2, 0);
  return shrunk(ratio - 1, spread / (n * (n - 1) * meanB * meanB), n);
}
