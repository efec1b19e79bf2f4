import { refusal, type Tables } from './front-end.js';
import type { LogMel } from './logmel.js';

/** First and last + 1 of the bins strictly between fmin and fmax, in integers. */
export function binsOf({ sampleRate, fft, fmin, fmax }: LogMel): { first: number; end: number } {
  const first = Math.floor((fmin * fft) / sampleRate) + 1;
  const end = Math.ceil((fmax * fft) / sampleRate);
  return { first, end };
}

/** The lengths of the tables. */
export function tableLengths(parameters: LogMel): Record<string, number> {
  const { window, fft, bands, coefficients } = parameters;
  const { first, end } = binsOf(parameters);
  const bins = Math.max(0, end - first);
  return {
    window: Math.floor(window / 2) + 1,
    cosine: fft / 4 + 1,
    segment: bins,
    rise: bins,
    log2: 65,
    ...(coefficients ? { dct: coefficients * bands, dctShift: coefficients } : {}),
  };
}

/** The mel scale of HTK. */
export const mel = (hertz: number): number => 1127 * Math.log(1 + hertz / 700);

const rounded = (value: number): number => Math.floor(value + 0.5);

const fill = (length: number, value: (i: number) => number): Int32Array =>
  Int32Array.from({ length }, (_, i) => value(i));

/** Shifts of the sums of an MFCC over 20 bands that make speech fill 8 bits; more bands need larger ones. */
const DCT_SHIFTS = [11, 9, 8, 8, 8];
const DCT_SHIFT = 7;

/**
 * The tables, from floats of the host. Half of what is symmetric is stored:
 *
 *     window[i]   min(32767, round(32768 (0.5 - 0.5 cos(2 pi i / N)))), i = 0..N/2     periodic Hann, Q15
 *     cosine[k]   round(16384 cos(2 pi k / F)), k = 0..F/4                             twiddles, Q14
 *     segment[k]  which of the M+1 segments between the M+2 edges of the mel bands the bin is in
 *     rise[k]     how far in it, 0..2^weightBits: the weight of the upper band; the lower has the rest
 *     log2[i]     round(32768 log2(1 + i / 64)), i = 0..64
 *     dct[k][b]   round(64 cos(pi k (b + 0.5) / M)), with dctShift[k]
 */
export function makeTables(parameters: LogMel): Tables {
  const { sampleRate, window, fft, bands, fmin, fmax, weightBits, coefficients } = parameters;
  const lengths = tableLengths(parameters);
  const { first } = binsOf(parameters);
  const lowest = mel(fmin);
  const step = (mel(fmax) - lowest) / (bands + 1);
  const place = (i: number) => (mel(((first + i) * sampleRate) / fft) - lowest) / step;
  const segment = (i: number) => Math.min(bands, Math.floor(place(i)));
  const more = Math.max(0, Math.ceil(Math.log2(bands / 20)));
  return {
    window: fill(lengths['window']!, (i) =>
      Math.min(32767, rounded(32768 * (0.5 - 0.5 * Math.cos((2 * Math.PI * i) / window)))),
    ),
    cosine: fill(lengths['cosine']!, (k) => rounded(16384 * Math.cos((2 * Math.PI * k) / fft))),
    segment: fill(lengths['segment']!, segment),
    rise: fill(lengths['rise']!, (i) => rounded(2 ** weightBits * (place(i) - segment(i)))),
    log2: fill(65, (i) => rounded(32768 * Math.log2(1 + i / 64))),
    ...(coefficients
      ? {
          dct: fill(coefficients * bands, (i) =>
            rounded(64 * Math.cos((Math.PI * Math.floor(i / bands) * ((i % bands) + 0.5)) / bands)),
          ),
          dctShift: fill(coefficients, (k) => (DCT_SHIFTS[k] ?? DCT_SHIFT) + more),
        }
      : {}),
  };
}

/**
 * Throws unless the tables are those of the parameters, up to the last bit, which is the host's that made
 * them. So a file cannot ask for sums that overflow, and a table that fits other parameters is found.
 */
export function checkTables(parameters: LogMel, tables: Tables): void {
  const unit = 2 ** parameters.weightBits;
  const place = ({ segment, rise }: Tables) => segment!.map((s, i) => s * unit + rise![i]!);
  const own = makeTables(parameters);
  const differs = (a: Int32Array, b: Int32Array) => a.findIndex((value, i) => Math.abs(value - b[i]!) > 1);
  for (const name of Object.keys(own)) {
    if (name === 'segment' || name === 'rise' || name === 'dctShift') continue;
    const at = differs(tables[name]!, own[name]!);
    if (at >= 0)
      throw refusal('logmel', `${name}[${at}] must be ${own[name]![at]}, got ${tables[name]![at]}`);
  }
  const { segment, rise, dctShift } = tables;
  const at = differs(place(tables), place(own));
  const outside = rise!.findIndex((value) => value < 0 || value > unit);
  if (at >= 0 || outside >= 0)
    throw refusal('logmel', `the mel weight of bin ${Math.max(at, outside)} is not that of its frequency`);
  const top = segment!.findIndex((value) => value < 0 || value > parameters.bands);
  if (top >= 0)
    throw refusal('logmel', `segment[${top}] must be 0..${parameters.bands}, got ${segment![top]}`);
  const shift = dctShift?.findIndex((value) => value < 1 || value > 20) ?? -1;
  if (shift >= 0) throw refusal('logmel', `dctShift[${shift}] must be 1..20, got ${dctShift![shift]}`);
  // Otherwise bands would be copies of each other.
  for (let j = 0; j <= parameters.bands; j++)
    if (!segment!.includes(j))
      throw refusal(
        'logmel',
        `no FFT bin is between the edges ${j} and ${j + 1} of ${parameters.bands} mel bands`,
        'use fewer bands, a higher fmin or a longer FFT',
      );
  const sums = weightSums(parameters, tables);
  const heavy = sums.findIndex((sum) => sum > 65535);
  if (heavy >= 0)
    throw refusal(
      'logmel',
      `the weights of mel band ${heavy} sum to ${sums[heavy]}, must be at most 65535`,
      'use fewer weightBits, more bands or a shorter FFT',
    );
}

/** What a band's weights sum to: the energy of a band fits 48 bits while this fits 16. */
function weightSums({ bands, weightBits }: LogMel, { segment, rise }: Tables): number[] {
  const sums = new Array<number>(bands).fill(0);
  segment!.forEach((j, i) => {
    if (j < bands) sums[j]! += rise![i]!;
    if (j > 0) sums[j - 1]! += 2 ** weightBits - rise![i]!;
  });
  return sums;
}
