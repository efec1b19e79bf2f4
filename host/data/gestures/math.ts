import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';

/*
 * Math.sin, Math.log and Math.exp may differ in their last bits from one JavaScript engine to the next, and
 * one bit can move an event. These are made of + - * / alone, which IEEE 754 fixes, so a seed means the same
 * data everywhere.
 */

/** [cos, sin] of an angle given in turns, by Taylor series on an eighth of a turn. */
export function rotation(turns: number): [cos: number, sin: number] {
  const quarters = Math.round(turns * 4);
  const x = (turns * 4 - quarters) * (Math.PI / 2);
  let cos = 0;
  let sin = 0;
  let term = 1;
  for (let n = 0; n < 18; n += 2) {
    cos += term;
    term *= x / (n + 1);
    sin += term;
    term *= -x / (n + 2);
  }
  switch (((quarters % 4) + 4) % 4) {
    case 0:
      return [cos, sin];
    case 1:
      return [-sin, cos];
    case 2:
      return [-cos, -sin];
    default:
      return [sin, -cos];
  }
}

/** Natural logarithm of x > 0: 2 atanh((m - 1) / (m + 1)) + e ln 2 with x = m 2^e. */
export function ln(x: number): number {
  let m = x;
  let e = 0;
  for (; m > 1.5; m /= 2) e++;
  for (; m < 0.75; m *= 2) e--;
  const t = (m - 1) / (m + 1);
  let sum = 0;
  let power = t;
  for (let n = 1; n < 26; n += 2) {
    sum += power / n;
    power *= t * t;
  }
  return 2 * sum + e * Math.LN2;
}

/** Uniform in low..high. */
export const between = (random: RandomGenerator, low: number, high: number): number =>
  low + (high - low) * uniformFloat64(random);

/** Bell-shaped around 0 with standard deviation 1, within +-3.5: the sum of four uniforms. */
export const bell = (random: RandomGenerator): number =>
  (uniformFloat64(random) + uniformFloat64(random) + uniformFloat64(random) + uniformFloat64(random) - 2) *
  Math.sqrt(3);
