import type { Accuracy, Tables } from './front-end.js';
import type { LogMel } from './logmel.js';
import { frameOf, SILENCE } from './logmel-frame.js';
import { binsOf, mel } from './logmel-tables.js';

/**
 * log2 of the energy of each band in float64, frame by frame [bands]: the definition of each step with a
 * plain DFT, without a table or a rounding. What the integers are measured against; nothing that runs depends
 * on it.
 */
export function logmelFloat(parameters: LogMel, samples: Int16Array): Float64Array[] {
  const { sampleRate, window, hop, fft, bands, fmin, fmax } = parameters;
  const { first, end } = binsOf(parameters);
  const step = (mel(fmax) - mel(fmin)) / (bands + 1);
  const hann = Float64Array.from(
    { length: window },
    (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / window),
  );
  const angle = (i: number) => (2 * Math.PI * i) / fft;
  const cosine = Float64Array.from({ length: fft }, (_, i) => Math.cos(angle(i)));
  const sine = Float64Array.from({ length: fft }, (_, i) => Math.sin(angle(i)));
  const frames: Float64Array[] = [];
  for (let at = 0; at + window <= samples.length; at += hop) {
    const energy = new Float64Array(bands);
    for (let k = first; k < end; k++) {
      let re = 0;
      let im = 0;
      for (let i = 0; i < window; i++) {
        const y = samples[at + i]! * hann[i]!;
        re += y * cosine[(i * k) % fft]!;
        im += y * sine[(i * k) % fft]!;
      }
      const place = (mel((k * sampleRate) / fft) - mel(fmin)) / step;
      const j = Math.floor(place);
      const power = re * re + im * im;
      if (j < bands) energy[j]! += power * (place - j);
      if (j > 0) energy[j - 1]! += power * (1 - (place - j));
    }
    frames.push(energy.map(Math.log2));
  }
  return frames;
}

const DECIBELS = 10 * Math.log10(2);

/**
 * How far the integers are from float64 on these samples: over all bands of all frames that are not silent.
 */
export function logmelErrors(parameters: LogMel, tables: Tables, samples: Int16Array): number[] {
  const frame = frameOf(parameters, tables);
  return logmelFloat(parameters, samples).flatMap((bands, t) => {
    const found = frame(samples, t * parameters.hop).log2;
    return [...bands].flatMap((value, b) =>
      found[b] === SILENCE ? [] : [Math.abs(found[b]! / 32768 - value) * DECIBELS],
    );
  });
}

/** The same as a figure, of half a second of noise that is the same everywhere. */
export function logmelAccuracy(parameters: LogMel, tables: Tables): Accuracy {
  let state = 1;
  const samples = Int16Array.from({ length: parameters.sampleRate >> 1 }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return ((state >>> 16) - 32768) >> 2;
  });
  const padded = new Int16Array(Math.max(parameters.window, samples.length));
  padded.set(samples);
  const errors = logmelErrors(parameters, tables, padded);
  return {
    signal: 'noise',
    unit: 'dB',
    mean: errors.reduce((sum, error) => sum + error, 0) / errors.length,
    most: errors.reduce((most, error) => Math.max(most, error), 0),
  };
}
