import type { FrontEnd } from './frontends/index.js';
import type { Shape } from './tensor.js';

/**
 * Labelled images in memory; every source (IDX files, the gesture simulator, image folders) becomes this.
 * Raw pixels are u8, [image][row][column][channel]; the value of pixel p is p / 255, and a network sees
 * (p / 255 - mean[channel]) / std[channel].
 */
export type Dataset = {
  name: string;
  shape: Shape;
  classes: string[];
  mean: number[];
  std: number[];
  /** Whether a mirrored image keeps its class, so that training may flip images; undefined: unknown. */
  mirrors?: boolean;
  /** The labels mean nothing: images for calibration alone. */
  unlabelled?: boolean;
  /** Notes about its source, for reports: where the labels come from, which files were skipped. */
  source?: Record<string, unknown>;
  /** What made these images of a raw signal; a net that learns from them takes it over. */
  frontEnd?: FrontEnd;
  train: Split;
  test: Split;
};

export type Split = { count: number; images: Uint8Array; labels: Uint16Array };

/** The raw pixels of image `index`, a view. */
export const rawImage = (split: Split, shape: Shape, index: number): Uint8Array => {
  const size = shape[0] * shape[1] * shape[2];
  return split.images.subarray(index * size, (index + 1) * size);
};

/** Raw pixels as a network sees them. */
export function normalise(raw: Uint8Array, { mean, std }: { mean: number[]; std: number[] }): Float32Array {
  const channels = mean.length;
  const out = new Float32Array(raw.length);
  for (let i = 0; i < raw.length; i++) {
    const c = i % channels;
    out[i] = (raw[i]! / 255 - mean[c]!) / std[c]!;
  }
  return out;
}
