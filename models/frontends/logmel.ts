import { z } from 'zod';
import type { Shape } from '../tensor.js';
import { clamp, type FrontEndDefinition, refusal, requireRange, rowRing, type Tables } from './front-end.js';
import { logmelAccuracy } from './logmel-float.js';
import { frameOf } from './logmel-frame.js';
import { binsOf, checkTables, makeTables, tableLengths } from './logmel-tables.js';

/**
 * 16-bit audio to log-mel energies, or cepstral coefficients of them, in 32-bit integers. Frame t is computed
 * of samples t hop .. t hop + window - 1, without looking ahead:
 *
 *     E[b] = sum over bins of mel weight * |FFT(window * x)|^2      logmel-frame.ts
 *     u[b] = clamp((log2 E[b] - floor) * 8, 0, 255), rounded        one step = 1/8 of log2 = 0.376 dB
 *     v[b] = u[b] - 128, or with a causal mean: m[b] += (64 u[b] - m[b]) >> shift, v[b] = clamp(u[b] - (m[b] >> 6))
 *     MFCC:  c[k] = clamp((sum_b dct[k][b] v[b] + 2^(dctShift[k] - 1)) >> dctShift[k])
 *
 * and v + 128 or c + 128 is stored. An image is `frames` frames; one is due every `stride` frames. A clip
 * that is shorter than an image is padded with zeros at its end, and digital silence is u = 0.
 */
export type LogMel = {
  /** Hz. */
  sampleRate: number;
  /** Samples of a frame, and from one frame to the next. */
  window: number;
  hop: number;
  /** Length of the FFT, a power of two, at least the window. */
  fft: number;
  /** Mel bands, and their range in Hz. */
  bands: number;
  fmin: number;
  fmax: number;
  /** log2 of the energy that becomes 0. */
  floor: number;
  /** Bits of the mel weights. */
  weightBits: number;
  /** Frames of an image, and from one image to the next. */
  frames: number;
  stride: number;
  /** Whether bands are an image's columns, [frames, bands, 1], or its channels, [frames, 1, bands]. */
  bandsAre: 'columns' | 'channels';
  /** Subtracts a causal mean per band, which forgets in 2^mean frames. */
  mean?: number;
  /** Number of cepstral coefficients, in place of bands. */
  coefficients?: number;
};

const kind = 'logmel';

/** What a rate is used with unless told otherwise: telephone speech and wide-band speech. */
export const logmelPresets = {
  8000: { window: 256, hop: 128, bands: 20, fmin: 100, fmax: 3900, floor: 10 },
  16000: { window: 480, hop: 320, bands: 40, fmin: 125, fmax: 7500, floor: 12 },
} as const;

/** The parameters that `options` leave open, by the preset of the rate. Throws where the rate has none. */
export function logmelParameters(options: Partial<LogMel> & Pick<LogMel, 'sampleRate' | 'frames'>): LogMel {
  const preset = logmelPresets[options.sampleRate as keyof typeof logmelPresets];
  const missing = ['window', 'hop', 'bands', 'fmin', 'fmax', 'floor'].filter(
    (name) => options[name as keyof LogMel] === undefined,
  );
  if (!preset && missing.length)
    throw refusal(
      kind,
      `${options.sampleRate} Hz has no preset: ${missing.join(', ')} must be given`,
      `there are presets for ${Object.keys(logmelPresets).join(' and ')} Hz`,
    );
  const window = options.window ?? preset.window;
  const whole = { ...preset, stride: 1, weightBits: 12, bandsAre: 'columns' as const, ...options };
  return { ...whole, window, fft: options.fft ?? 2 ** Math.ceil(Math.log2(Math.max(window, 32))) };
}

/**
 * A front end of these parameters, with its tables. Throws a SpikeletError where they do not fit each other.
 */
export function logmelFrontEnd(options: Partial<LogMel> & Pick<LogMel, 'sampleRate' | 'frames'>) {
  const parameters = logmelParameters(options);
  check(parameters);
  const tables = makeTables(parameters);
  checkTables(parameters, tables);
  return { kind: 'logmel' as const, parameters, tables };
}

const schema = z.strictObject({
  sampleRate: z.int().min(100).max(200_000),
  window: z.int().min(2).max(4096),
  hop: z.int().min(1).max(4096),
  fft: z.int().min(32).max(4096),
  bands: z.int().min(1).max(128),
  fmin: z.int().min(0).max(100_000),
  fmax: z.int().min(1).max(100_000),
  floor: z.int().min(-40).max(60),
  weightBits: z.int().min(4).max(12),
  frames: z.int().min(1).max(4096),
  stride: z.int().min(1).max(4096),
  bandsAre: z.enum(['columns', 'channels']),
  mean: z.int().min(1).max(12).exactOptional(),
  coefficients: z.int().min(1).max(128).exactOptional(),
});

function check(parameters: LogMel): void {
  const { sampleRate, window, hop, fft, bands, fmin, fmax, coefficients, frames, stride } = parameters;
  requireRange(kind, 'window', window, 2, fft);
  requireRange(kind, 'hop', hop, 1, window);
  requireRange(kind, 'stride', stride, 1, frames);
  if (fft & (fft - 1)) throw refusal(kind, `fft must be a power of two, got ${fft}`);
  requireRange(kind, 'fmax', fmax, fmin + 1, Math.floor(sampleRate / 2));
  if (coefficients) requireRange(kind, 'coefficients', coefficients, 1, bands);
  const { first, end } = binsOf(parameters);
  if (end <= first)
    throw refusal(kind, `no FFT bin is between ${fmin} and ${fmax} Hz`, 'a longer FFT has more bins');
}

/** Values of a frame of the image. */
const widthOf = ({ bands, coefficients }: LogMel): number => coefficients ?? bands;

/** log2 of band energies, Q15, to bytes; the mean and the cosine transform, if any. State of one stream. */
function encoder(parameters: LogMel, { dct, dctShift }: Tables) {
  const { bands, floor, mean, coefficients } = parameters;
  const means = new Int32Array(bands);
  const centred = new Int32Array(bands);
  const out = new Uint8Array(widthOf(parameters));
  let started = false;
  return (log2: Int32Array): Uint8Array => {
    for (let b = 0; b < bands; b++) {
      const u = clamp((log2[b]! - (floor << 15) + 2048) >> 12, 0, 255);
      if (mean === undefined) centred[b] = u - 128;
      else {
        if (started) means[b]! += ((u << 6) - means[b]!) >> mean;
        else means[b] = u << 6;
        centred[b] = clamp(u - (means[b]! >> 6), -128, 127);
      }
    }
    started = true;
    if (coefficients === undefined) for (let b = 0; b < bands; b++) out[b] = centred[b]! + 128;
    else
      for (let k = 0; k < coefficients; k++) {
        let sum = 0;
        for (let b = 0; b < bands; b++) sum += Math.imul(dct![k * bands + b]!, centred[b]!);
        out[k] = clamp((sum + (1 << (dctShift![k]! - 1))) >> dctShift![k]!, -128, 127) + 128;
      }
    return out;
  };
}

/** Samples of one image. */
const samplesOf = ({ window, hop, frames }: LogMel): number => window + (frames - 1) * hop;

export const logmel: FrontEndDefinition<LogMel, Int16Array> = {
  raw: 'i16',
  schema,
  check,
  tableLengths,
  checkTables,
  outputShape(parameters): Shape {
    const width = widthOf(parameters);
    return parameters.bandsAre === 'columns' ? [parameters.frames, width, 1] : [parameters.frames, 1, width];
  },
  state(parameters) {
    const { window, fft, bands, frames, mean } = parameters;
    return {
      samples: 2 * window,
      spectrum: 2 * fft,
      bands: 8 * bands,
      features: frames * widthOf(parameters),
      ...(mean === undefined ? {} : { means: 2 * bands }),
    };
  },
  describe(parameters) {
    const { sampleRate, window, hop, fft, bands, fmin, fmax, coefficients, mean } = parameters;
    const what = coefficients ? `${coefficients} MFCC of ${bands} mel bands` : `log2 of ${bands} mel bands`;
    const less = mean === undefined ? '' : `, less a mean over ${2 ** mean} frames`;
    return `${what}, ${fmin}-${fmax} Hz${less}; ${sampleRate} Hz, ${window} samples every ${hop}, FFT ${fft}`;
  },
  accuracy: logmelAccuracy,
  run(parameters, tables, raw) {
    const { window, hop, frames, stride } = parameters;
    const least = samplesOf(parameters);
    const samples = raw.length < least ? new Int16Array(least) : raw;
    if (samples !== raw) samples.set(raw);
    const frame = frameOf(parameters, tables);
    const encode = encoder(parameters, tables);
    const width = widthOf(parameters);
    const count = 1 + Math.floor((samples.length - window) / hop);
    const features = new Uint8Array(count * width);
    for (let t = 0; t < count; t++) features.set(encode(frame(samples, t * hop).log2), t * width);
    const images: Uint8Array[] = [];
    for (let t = 0; t + frames <= count; t += stride)
      images.push(features.slice(t * width, (t + frames) * width));
    return images;
  },
  stream(parameters, tables) {
    const { window, hop, frames, stride } = parameters;
    const frame = frameOf(parameters, tables);
    const encode = encoder(parameters, tables);
    const ring = rowRing(frames, widthOf(parameters), stride);
    const samples = new Int16Array(window);
    let filled = 0;
    let taken = 0;
    const push = (raw: Int16Array): Uint8Array[] => {
      const images: Uint8Array[] = [];
      taken += raw.length;
      for (let at = 0; at < raw.length; ) {
        const count = Math.min(window - filled, raw.length - at);
        samples.set(raw.subarray(at, at + count), filled);
        filled += count;
        at += count;
        if (filled < window) break;
        const image = ring.push(encode(frame(samples, 0).log2));
        if (image) images.push(image);
        samples.copyWithin(0, hop);
        filled = window - hop;
      }
      return images;
    };
    return { push, end: () => push(new Int16Array(Math.max(0, samplesOf(parameters) - taken))) };
  },
};
