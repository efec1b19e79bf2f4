import { SpikeletError } from '../../models/error.js';

/** What the times of a recording's rows say: the usual step, and where it is another. */
export type Timing = {
  unit: 's' | 'ms' | 'us' | 'ns';
  /** Rows a second, by the median step. */
  rate: number;
  /** Steps that differ from the median by more than half of it, of all. */
  irregular: number;
  steps: number;
  /** Rows that come more than three steps after the one before: no window may reach across them. */
  gaps: number[];
};

const perSecond: Record<Timing['unit'], number> = { s: 1, ms: 1e3, us: 1e6, ns: 1e9 };

/** Sensors are read 5 to 5,000 times a second. Units are a thousand apart, so one of them fits; print it, it is a guess. */
const UNITS: Timing['unit'][] = ['s', 'ms', 'us', 'ns'];
const [SLOWEST, FASTEST] = [5, 5000];

/** More irregular steps than this share are worth a warning. */
export const MOST_IRREGULAR = 0.05;

/**
 * Looks at the times of rows, which check a rate and find gaps; nothing is resampled.
 * @param unit of the times; else it is told by the step: the one by which it is 5 to 5,000 rows a second.
 * @throws SpikeletError where times fall, or no unit fits.
 */
export function timingOf(times: Float64Array, name: string, unit?: Timing['unit']): Timing {
  const bad = (why: string, hint: string): never => {
    throw new SpikeletError(`${name}: ${why}`, { hint });
  };
  if (times.length < 2) return bad(`${times.length} rows have no step`, 'record longer');
  const steps = times.subarray(1).map((time, i) => time - times[i]!);
  const back = steps.findIndex((step) => !(step >= 0));
  if (back >= 0)
    return bad(
      `the time of row ${back + 2}, ${times[back + 1]}, is before that of the row above it, ${times[back]}`,
      'sort the rows, or give each recording a file of its own',
    );
  const median = steps.slice().sort()[steps.length >> 1]!;
  const found =
    unit ?? UNITS.find((one) => perSecond[one] / median >= SLOWEST && perSecond[one] / median <= FASTEST);
  if (!found || !(median > 0))
    return bad(
      `its median step is ${median}: a rate in no unit`,
      'say it: unit=s, ms, us or ns; or leave time= out and give rate=',
    );
  let irregular = 0;
  const gaps: number[] = [];
  for (const [i, step] of steps.entries()) {
    if (Math.abs(step - median) > median / 2) irregular++;
    if (step > 3 * median) gaps.push(i + 1);
  }
  return { unit: found, rate: perSecond[found] / median, irregular, steps: steps.length, gaps };
}

/**
 * First rows of the windows of `window` rows, every `hop` rows, of a recording; none reaches across a break, after which
 * windows begin again. What is left at the end of a piece is dropped.
 * @param breaks rows that begin a new piece, rising: gaps, or where the label changes.
 */
export function windowStarts(
  rows: number,
  { window, hop }: { window: number; hop: number },
  breaks: readonly number[] = [],
): number[] {
  for (const [what, value] of Object.entries({ window, hop }))
    if (!Number.isInteger(value) || value < 1)
      throw new SpikeletError(`${what} must be a whole number of rows from 1 on, got ${value}`, {
        hint: 'window=128,hop=64 makes windows of 128 rows that overlap by half',
      });
  const starts: number[] = [];
  const ends = [...breaks.filter((at) => at > 0 && at < rows), rows];
  let from = 0;
  for (const end of ends) {
    for (let at = from; at + window <= end; at += hop) starts.push(at);
    from = end;
  }
  return starts;
}
