import { bitLength, type Tables } from './front-end.js';
import type { LogMel } from './logmel.js';
import { binsOf } from './logmel-tables.js';

/** The logarithm of an empty band. */
export const SILENCE = -(2 ** 30);

/** One frame and everything on the way: views, which the next frame overwrites. */
export type LogMelFrame = {
  /** Left shift of the samples. */
  shift: number;
  /** Samples times window, [fft]. */
  windowed: Int32Array;
  /** Spectrum of the bins in range, [fft / 2]. */
  re: Int32Array;
  im: Int32Array;
  /** Its block exponent. */
  exponent: number;
  /** re^2 + im^2, [fft / 2]. */
  energy: Uint32Array;
  /** log2 of each band's energy, Q15, in units of the i16 samples; SILENCE of an empty band. */
  log2: Int32Array;
};

/** Rounds a sum of products of Q14 to a whole number and halves it `q` times. */
const round14 = (value: number, q: number): number => (value + (1 << (13 + q))) >> (14 + q);

const largest = (re: Int32Array, im: Int32Array): number => {
  let most = 0;
  for (let i = 0; i < re.length; i++) most = Math.max(most, Math.abs(re[i]!), Math.abs(im[i]!));
  return most;
};

/**
 * Bits of headroom that a butterfly needs: its outputs stay at most 27146, so that squares and sums fit 32
 * bits.
 */
const butterflyShift = (most: number): number => (most < 11244 ? 0 : most < 22488 ? 1 : 2);
const splitShift = (most: number): number => (most < 6786 ? 0 : most < 13573 ? 1 : most < 27146 ? 2 : 3);

/** Tables as they are looked up, and the memory that a frame needs. */
function workOf(parameters: LogMel, tables: Tables) {
  const { window: length, fft, bands } = parameters;
  const n = fft / 2;
  const bits = bitLength(n) - 1;
  const quarter = tables['cosine']!;
  return {
    n,
    window: Int32Array.from({ length }, (_, i) => tables['window']![Math.min(i, length - i)]!),
    cosine: Int32Array.from({ length: n }, (_, k) => (k <= fft / 4 ? quarter[k]! : -quarter[n - k]!)),
    sine: Int32Array.from({ length: n }, (_, k) => quarter[Math.abs(fft / 4 - k)]!),
    reversed: Int32Array.from({ length: n }, (_, j) => {
      let to = 0;
      for (let bit = 0; bit < bits; bit++) if (j & (1 << bit)) to |= 1 << (bits - 1 - bit);
      return to;
    }),
    zRe: new Int32Array(n),
    zIm: new Int32Array(n),
    low: new Uint32Array(bands),
    high: new Uint32Array(bands),
    frame: {
      ...{ shift: 0, exponent: 0, windowed: new Int32Array(fft), energy: new Uint32Array(n) },
      ...{ re: new Int32Array(n), im: new Int32Array(n), log2: new Int32Array(bands) },
    } satisfies LogMelFrame,
  };
}
type Work = ReturnType<typeof workOf>;

/** Scales the samples to 15 bits and applies the window. */
function load({ frame, window }: Work, samples: Int16Array, at: number): void {
  let most = 0;
  for (let i = 0; i < window.length; i++) most = Math.max(most, Math.abs(samples[at + i]!));
  const shift = most ? Math.max(15 - bitLength(most), 0) : 0;
  frame.shift = shift;
  for (let i = 0; i < window.length; i++)
    frame.windowed[i] = (Math.imul(samples[at + i]! << shift, window[i]!) + 16384) >> 15;
}

/** Complex FFT of z[j] = y[2j] + i y[2j+1], radix 2; gives the exponent. */
function transform({ frame, n, zRe, zIm, cosine, sine, reversed }: Work): number {
  for (let j = 0; j < n; j++) {
    zRe[reversed[j]!] = frame.windowed[2 * j]!;
    zIm[reversed[j]!] = frame.windowed[2 * j + 1]!;
  }
  let exponent = 0;
  for (let half = 1; half < n; half *= 2) {
    const q = butterflyShift(largest(zRe, zIm));
    exponent += q;
    for (let block = 0; block < n; block += 2 * half)
      for (let k = 0; k < half; k++) {
        const [a, b] = [block + k, block + k + half];
        const c = cosine[(k * n) / half]!;
        const s = sine[(k * n) / half]!;
        const tRe = Math.imul(zRe[b]!, c) + Math.imul(zIm[b]!, s);
        const tIm = Math.imul(zIm[b]!, c) - Math.imul(zRe[b]!, s);
        const [re, im] = [zRe[a]! << 14, zIm[a]! << 14];
        zRe[a] = round14(re + tRe, q);
        zIm[a] = round14(im + tIm, q);
        zRe[b] = round14(re - tRe, q);
        zIm[b] = round14(im - tIm, q);
      }
  }
  return exponent;
}

/** Spectrum of the real signal at the bins first..end-1, and its energy; gives the exponent. */
function split({ frame, n, zRe, zIm, cosine, sine }: Work, first: number, end: number): number {
  const q = splitShift(largest(zRe, zIm));
  for (let k = first; k < end; k++) {
    const sumRe = zRe[k]! + zRe[n - k]!;
    const sumIm = zIm[k]! - zIm[n - k]!;
    const differenceRe = zRe[k]! - zRe[n - k]!;
    const differenceIm = zIm[k]! + zIm[n - k]!;
    const [c, s] = [cosine[k]!, sine[k]!];
    const re = round14((sumRe << 14) - Math.imul(s, differenceRe) + Math.imul(c, differenceIm), q);
    const im = round14((sumIm << 14) - Math.imul(s, differenceIm) - Math.imul(c, differenceRe), q);
    frame.re[k] = re;
    frame.im[k] = im;
    frame.energy[k] = Math.imul(re, re) + Math.imul(im, im);
  }
  return q - 1;
}

/** Sums of the bands, of the energies' lower and upper 16 bits. */
function sumBands({ frame, low, high }: Work, tables: Tables, first: number, weightBits: number): void {
  low.fill(0);
  high.fill(0);
  const [segment, rise] = [tables['segment']!, tables['rise']!];
  const add = (band: number, weight: number, energy: number) => {
    if (band < 0 || band >= low.length) return;
    low[band]! += weight * (energy & 65535);
    high[band]! += weight * (energy >>> 16);
  };
  for (let i = 0; i < segment.length; i++) {
    const energy = frame.energy[first + i]!;
    add(segment[i]!, rise[i]!, energy);
    add(segment[i]! - 1, (1 << weightBits) - rise[i]!, energy);
  }
}

/**
 * Log-mel energies of one frame in 32-bit integers: window, real FFT by a complex one of half its length with
 * a block exponent, mel bands in 48 bits, log2 by a table. `frameOf(...)(samples, at)` computes samples
 * at..at+window-1.
 */
export function frameOf(parameters: LogMel, tables: Tables) {
  const { bands, weightBits } = parameters;
  const { first, end } = binsOf(parameters);
  const work = workOf(parameters, tables);
  const { frame, low, high } = work;
  return (samples: Int16Array, at: number): LogMelFrame => {
    load(work, samples, at);
    frame.exponent = transform(work) + split(work, first, end);
    sumBands(work, tables, first, weightBits);
    const scale = 2 * (frame.exponent - frame.shift) - weightBits;
    for (let b = 0; b < bands; b++)
      frame.log2[b] = log2(high[b]! + (low[b]! >>> 16), low[b]! & 65535, scale, tables['log2']!);
    return frame;
  };
}

/** log2((high 2^16 + low) 2^scale), Q15: 64 segments of a table, linear between. */
function log2(high: number, low: number, scale: number, table: Int32Array): number {
  if (high === 0 && low === 0) return SILENCE;
  const above = bitLength(high);
  const p = above ? above + 15 : bitLength(low) - 1;
  const mantissa =
    above > 16
      ? high >>> (above - 16)
      : above
        ? ((high << (16 - above)) | (low >>> above)) & 65535
        : low << (15 - p);
  const i = (mantissa >> 9) & 63;
  const between = (Math.imul(table[i + 1]! - table[i]!, mantissa & 511) + 256) >> 9;
  return (p << 15) + table[i]! + between + (scale << 15);
}
