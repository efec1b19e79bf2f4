import { endRow, FrontEnd, nextRow } from './ring';

/**
 * Log-mel energies of 16-bit audio (models/frontends/logmel.ts), one hop at a time, in 32-bit integers. A
 * divide, a float or a 64-bit value is nowhere; products of 16 bits are 32 bits wide.
 */
@unmanaged
export class LogMel extends FrontEnd {
  /** Samples that the frame has so far. */
  filled: i32;
  /** Whether the means have begun. */
  started: i32;
  /** i16 [window]. */
  samples: usize;
  /** i16 [fft / 2][re, im]. */
  spectrum: usize;
  /** u32 [bands][low, high]. */
  bands: usize;
  /** i16 [bands]; with a mean. */
  means: usize;
  /** i16 [window / 2 + 1]. */
  window: usize;
  /** i16 [fft / 4 + 1]. */
  cosine: usize;
  /** u8 and u16 [bins]. */
  segment: usize;
  rise: usize;
  /** u16 [65]. */
  log2: usize;
  /** i8 [coefficients][bands] and u8 [coefficients]; of an MFCC. */
  dct: usize;
  dctShift: usize;
}

/** Bits of a number: 0 of 0, 1 of 1, 16 of 65535. By halves, since many cores have no instruction for it. */
function bitLength(value: u32): i32 {
  let bits = 0;
  if (value >= 65536) {
    bits = 16;
    value >>= 16;
  }
  if (value >= 256) {
    bits += 8;
    value >>= 8;
  }
  if (value >= 16) {
    bits += 4;
    value >>= 4;
  }
  if (value >= 4) {
    bits += 2;
    value >>= 2;
  }
  // What is left is 0..3.
  return bits + <i32>(value > 1 ? 2 : value);
}

@inline
function clamp(value: i32, least: i32, most: i32): i32 {
  return min(max(value, least), most);
}

/**
 * Scaled samples times window, z[j] = y[2j] + i y[2j+1] in bit-reversed order of j; the shift is given back.
 */
function load15(front: LogMel, window: i32, n: i32): i32 {
  let most = 0;
  for (let i = 0; i < window; i++) most = max(most, abs(<i32>load<i16>(front.samples + (<usize>i << 1))));
  const shift = most ? max(15 - bitLength(most), 0) : 0;
  let to = 0;
  for (let i = 0; i < 2 * n; i += 2) {
    const z = front.spectrum + (<usize>to << 2);
    store<i16>(z, windowed(front, window, i, shift));
    store<i16>(z, windowed(front, window, i + 1, shift), 2);
    // Counts from the highest bit down.
    let bit = n >> 1;
    for (; to & bit; bit >>= 1) to ^= bit;
    to |= bit;
  }
  return shift;
}

@inline
function windowed(front: LogMel, window: i32, i: i32, shift: i32): i16 {
  if (i >= window) return 0;
  // The window is symmetric: half of it is stored.
  const w = <i32>load<i16>(front.window + (<usize>min(i, window - i) << 1));
  return <i16>(((<i32>load<i16>(front.samples + (<usize>i << 1)) << shift) * w + 16384) >> 15);
}

/** Largest magnitude among n complex numbers. */
function largest(z: usize, n: i32): i32 {
  let most = 0;
  for (const end = z + (<usize>n << 2); z < end; z += 2) most = max(most, abs(<i32>load<i16>(z)));
  return most;
}

/** Butterflies k, k + span, ... of a stage whose pairs are `half` apart, with the factor (c, -s) / 2^14. */
function turn(z: usize, n: i32, k: i32, half: i32, c: i32, s: i32, q: i32): void {
  const shift = 14 + q;
  const round = 1 << (13 + q);
  const apart = <usize>half << 2;
  for (let a = z + (<usize>k << 2); a < z + (<usize>n << 2); a += apart << 1) {
    const b = a + apart;
    const bRe = <i32>load<i16>(b);
    const bIm = <i32>load<i16>(b, 2);
    const tRe = bRe * c + bIm * s;
    const tIm = bIm * c - bRe * s;
    const re = (<i32>load<i16>(a) << 14) + round;
    const im = (<i32>load<i16>(a, 2) << 14) + round;
    store<i16>(a, <i16>((re + tRe) >> shift));
    store<i16>(a, <i16>((im + tIm) >> shift), 2);
    store<i16>(b, <i16>((re - tRe) >> shift));
    store<i16>(b, <i16>((im - tIm) >> shift), 2);
  }
}

/** The same with the factors 1 and -i, without a product and with the same bits. */
function turnStraight(z: usize, n: i32, k: i32, half: i32, back: bool, q: i32): void {
  const round = (1 << q) >> 1;
  const apart = <usize>half << 2;
  for (let a = z + (<usize>k << 2); a < z + (<usize>n << 2); a += apart << 1) {
    const b = a + apart;
    const bRe = <i32>load<i16>(b);
    const bIm = <i32>load<i16>(b, 2);
    const tRe = back ? bIm : bRe;
    const tIm = back ? -bRe : bIm;
    const re = <i32>load<i16>(a) + round;
    const im = <i32>load<i16>(a, 2) + round;
    store<i16>(a, <i16>((re + tRe) >> q));
    store<i16>(a, <i16>((im + tIm) >> q), 2);
    store<i16>(b, <i16>((re - tRe) >> q));
    store<i16>(b, <i16>((im - tIm) >> q), 2);
  }
}

/** cos(2 pi k / fft), 0 <= k < fft / 2, from its first quarter. */
@inline
function cosine(front: LogMel, fft: i32, k: i32): i32 {
  const quarter = fft >> 2;
  return k <= quarter
    ? <i32>load<i16>(front.cosine + (<usize>k << 1))
    : -(<i32>load<i16>(front.cosine + (<usize>((quarter << 1) - k) << 1)));
}

@inline
function sine(front: LogMel, fft: i32, k: i32): i32 {
  return <i32>load<i16>(front.cosine + (<usize>abs((fft >> 2) - k) << 1));
}

/** Complex FFT of fft / 2 points, radix 2, in place; its block exponent is given back. */
function transform(front: LogMel, fft: i32): i32 {
  const n = fft >> 1;
  const z = front.spectrum;
  let exponent = 0;
  let step = n;
  for (let half = 1; half < n; half <<= 1) {
    const most = largest(z, n);
    const q = <i32>(most >= 11244) + <i32>(most >= 22488);
    exponent += q;
    turnStraight(z, n, 0, half, false, q);
    for (let k = 1; k < half; k++) {
      if (k << 1 == half) turnStraight(z, n, k, half, true, q);
      else turn(z, n, k, half, cosine(front, fft, k * step), sine(front, fft, k * step), q);
    }
    step >>= 1;
  }
  return exponent;
}

/** Adds the energy of each bin in range to its two bands; the exponent of the split is given back. */
function split(front: LogMel, fft: i32, bands: i32, first: i32, bins: i32, weightBits: i32): i32 {
  const n = fft >> 1;
  const most = largest(front.spectrum, n);
  const q = <i32>(most >= 6786) + <i32>(most >= 13573) + <i32>(most >= 27146);
  const shift = 14 + q;
  const round = 1 << (13 + q);
  for (let i = 0; i < bands << 1; i++) store<u32>(front.bands + (<usize>i << 2), 0);
  for (let i = 0; i < bins; i++) {
    const k = first + i;
    const a = front.spectrum + (<usize>k << 2);
    const b = front.spectrum + (<usize>(n - k) << 2);
    const aRe = <i32>load<i16>(a);
    const aIm = <i32>load<i16>(a, 2);
    const bRe = <i32>load<i16>(b);
    const bIm = <i32>load<i16>(b, 2);
    const c = cosine(front, fft, k);
    const s = sine(front, fft, k);
    const dRe = aRe - bRe;
    const dIm = aIm + bIm;
    const re = (((aRe + bRe) << 14) - s * dRe + c * dIm + round) >> shift;
    const im = (((aIm - bIm) << 14) - s * dIm - c * dRe + round) >> shift;
    const energy = <u32>(re * re) + <u32>(im * im);
    const up = <u32>load<u16>(front.rise + (<usize>i << 1));
    const down = (<u32>1 << weightBits) - up;
    const j = <i32>load<u8>(front.segment + i);
    const upper = front.bands + (<usize>j << 3);
    if (j < bands) add(upper, up, energy);
    if (j > 0) add(upper - 8, down, energy);
  }
  return q - 1;
}

/** Adds weight * energy to a sum of 48 bits: of the energy's lower and upper halves. */
@inline
function add(band: usize, weight: u32, energy: u32): void {
  store<u32>(band, load<u32>(band) + weight * (energy & 65535));
  store<u32>(band, load<u32>(band, 4) + weight * (energy >> 16), 4);
}

/** log2(energy of a band * 2^scale), Q15; what is empty is far below every floor. */
function bandLog2(front: LogMel, band: usize, scale: i32): i32 {
  let low = load<u32>(band);
  const high = load<u32>(band, 4) + (low >> 16);
  low &= 65535;
  if ((high | low) == 0) return -(1 << 30);
  const above = bitLength(high);
  const p = above ? above + 15 : bitLength(low) - 1;
  const mantissa = <i32>(
    above > 16 ? high >> (above - 16) : above ? ((high << (16 - above)) | (low >> above)) & 65535 : low << (15 - p)
  );
  const at = front.log2 + <usize>(((mantissa >> 9) & 63) << 1);
  const value = <i32>load<u16>(at);
  return (p << 15) + value + (((<i32>load<u16>(at, 2) - value) * (mantissa & 511) + 256) >> 9) + (scale << 15);
}

/** One row of the image of the samples that are there. */
function frame(
  front: LogMel,
  window: i32, fft: i32, bands: i32, first: i32, bins: i32, weightBits: i32, floor: i32,
  mean: i32, coefficients: i32,
): void {
  const shift = load15(front, window, fft >> 1);
  const exponent = transform(front, fft) + split(front, fft, bands, first, bins, weightBits);
  const scale = ((exponent - shift) << 1) - weightBits;
  const row = nextRow(front, coefficients ? coefficients : bands);
  for (let b = 0; b < bands; b++) {
    const band = front.bands + (<usize>b << 3);
    const u = clamp((bandLog2(front, band, scale) - (floor << 15) + 2048) >> 12, 0, 255);
    let value = u - 128;
    if (mean) {
      const at = front.means + (<usize>b << 1);
      let m = u << 6;
      if (front.started) {
        const before = <i32>load<i16>(at);
        m = before + ((m - before) >> mean);
      }
      store<i16>(at, <i16>m);
      value = clamp(u - (m >> 6), -128, 127);
    }
    // The sum is no longer needed: of an MFCC the value takes its place.
    if (coefficients) store<i32>(band, value);
    else store<u8>(row + b, <u8>(value + 128));
  }
  front.started = 1;
  let dct = front.dct;
  for (let k = 0; k < coefficients; k++) {
    const by = <i32>load<u8>(front.dctShift + k);
    let sum = (1 << by) >> 1;
    for (let b = 0; b < bands; b++) sum += <i32>load<i8>(dct++) * load<i32>(front.bands + (<usize>b << 3));
    store<u8>(row + k, <u8>(clamp(sum >> by, -128, 127) + 128));
  }
}

/**
 * Takes samples (i16) until an image is due or none are left; gives back how many it took. `first` .. `first
 * + bins - 1` are the bins of the FFT that the bands are made of; `mean` 0: no mean; `coefficients` 0: no
 * MFCC.
 */
@inline
export function logmel(
  front: LogMel, raw: usize, count: i32,
  window: i32, hop: i32, fft: i32,
  bands: i32, first: i32, bins: i32, weightBits: i32, floor: i32,
  mean: i32, coefficients: i32,
  rows: i32, stride: i32,
): i32 {
  front.due = 0;
  let taken = 0;
  let filled = front.filled;
  while (taken < count && !front.due) {
    store<i16>(front.samples + (<usize>filled << 1), load<i16>(raw + (<usize>taken << 1)));
    taken++;
    filled++;
    if (filled < window) continue;
    frame(front, window, fft, bands, first, bins, weightBits, floor, mean, coefficients);
    filled = window - hop;
    for (let i = 0; i < filled; i++)
      store<i16>(front.samples + (<usize>i << 1), load<i16>(front.samples + (<usize>(hop + i) << 1)));
    endRow(front, rows, stride);
  }
  front.filled = filled;
  return taken;
}
