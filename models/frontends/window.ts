import { z } from 'zod';
import { clamp, type FrontEndDefinition, refusal, requireRange, rowRing } from './front-end.js';

/**
 * Windows of a sampled signal of several channels, for example an accelerometer's and a gyroscope's. Samples
 * are i16, interleaved. Each column of the window is one `output`, made of one channel x by
 *
 *     lowpass     g += (256 x - g) >> smoothing, from g = 256 x_0;  (g + 128) >> 8      gravity
 *     highpass    x - lowpass                                                         motion
 *     difference  x_t - x_(t-1), 0 at first
 *     raw         x
 *
 * scaled to clamp((value * multiplier + 2^(shift-1)) >> shift, -128..127), stored with 128 added. The filter
 * runs from the stream's first sample on, windows are cut behind it: [window, 1, outputs], the next one
 * `stride` samples later. The low-pass has its cut-off at rate / (2 pi 2^smoothing). A recording shorter than
 * a window gives none.
 */
export type WindowParameters = {
  /** Hz, for reports alone. */
  rate: number;
  channels: number;
  outputs: WindowOutput[];
  smoothing: number;
  shift: number;
  /** Samples of a window, and from one window to the next. */
  window: number;
  stride: number;
};

export type WindowOutput = { channel: number; take: Take; multiplier: number };

export type Take = 'raw' | 'lowpass' | 'highpass' | 'difference';

const kind = 'window';

/** What a channel is at one sample. */
type Sample = { x: number; lowpass: number; previous: number };

const takes: Record<Take, (sample: Sample) => number> = {
  raw: ({ x }) => x,
  lowpass: ({ lowpass }) => lowpass,
  highpass: ({ x, lowpass }) => x - lowpass,
  difference: ({ x, previous }) => x - previous,
};

const schema = z.strictObject({
  rate: z.int().min(1).max(1_000_000),
  channels: z.int().min(1).max(256),
  outputs: z
    .array(
      z.strictObject({
        channel: z.int().min(0).max(255),
        take: z.enum(['raw', 'lowpass', 'highpass', 'difference']),
        // A difference of two i16 has 17 bits, so the product fits 32.
        multiplier: z.int().min(-16384).max(16384),
      }),
    )
    .min(1)
    .max(1024),
  smoothing: z.int().min(1).max(12),
  shift: z.int().min(1).max(29),
  window: z.int().min(1).max(65536),
  stride: z.int().min(1).max(65536),
});

function check({ channels, outputs, window, stride }: WindowParameters): void {
  requireRange(kind, 'stride', stride, 1, window);
  outputs.forEach(({ channel, multiplier }, i) => {
    requireRange(kind, `the channel of output ${i}`, channel, 0, channels - 1);
    if (multiplier === 0) throw refusal(kind, `the multiplier of output ${i} must not be 0`);
  });
}

/** The multiplier that makes `peak` 127, or the largest if the peak is too small. */
export const windowMultiplier = (peak: number, shift: number): number =>
  clamp(Math.floor((127 * 2 ** shift) / Math.max(1, peak) + 0.5), 1, 16384);

/** The row of a sample, [outputs]: state of one stream. */
function rowOf({ channels, outputs, smoothing, shift }: WindowParameters) {
  const gravity = new Int32Array(channels);
  const previous = new Int32Array(channels);
  const row = new Uint8Array(outputs.length);
  let started = false;
  return (samples: ArrayLike<number>, at: number): Uint8Array => {
    for (let c = 0; c < channels; c++) {
      const x = samples[at + c]!;
      if (!started) previous[c] = x;
      gravity[c] = started ? gravity[c]! + (((x << 8) - gravity[c]!) >> smoothing) : x << 8;
    }
    started = true;
    for (const [o, { channel, take, multiplier }] of outputs.entries()) {
      const x = samples[at + channel]!;
      const value = takes[take]({
        x,
        lowpass: (gravity[channel]! + 128) >> 8,
        previous: previous[channel]!,
      });
      row[o] = clamp((value * multiplier + (1 << (shift - 1))) >> shift, -128, 127) + 128;
    }
    for (let c = 0; c < channels; c++) previous[c] = samples[at + c]!;
    return row;
  };
}

export const window: FrontEndDefinition<WindowParameters, Int16Array> = {
  raw: 'i16',
  schema,
  check,
  tableLengths: () => ({}),
  checkTables() {},
  outputShape: ({ window, outputs }) => [window, 1, outputs.length],
  state: ({ channels, outputs, window }) => ({
    filters: 4 * channels,
    previous: 2 * channels,
    samples: window * outputs.length,
  }),
  describe({ rate, outputs, window, stride }) {
    return `${window} samples of ${outputs.length} outputs every ${stride}; ${rate} Hz`;
  },
  run(parameters, tables, raw) {
    return window.stream(parameters, tables).push(raw);
  },
  stream(parameters) {
    const { channels, outputs, window, stride } = parameters;
    const row = rowOf(parameters);
    const ring = rowRing(window, outputs.length, stride);
    // Values of a sample whose other channels are in the next piece.
    let part: number[] = [];
    return {
      push(raw) {
        const images: Uint8Array[] = [];
        const take = (samples: ArrayLike<number>, at: number) => {
          const image = ring.push(row(samples, at));
          if (image) images.push(image);
        };
        let at = 0;
        if (part.length) {
          at = Math.min(channels - part.length, raw.length);
          part.push(...raw.subarray(0, at));
          if (part.length < channels) return images;
          take(part, 0);
        }
        for (; at + channels <= raw.length; at += channels) take(raw, at);
        part = [...raw.subarray(at)];
        return images;
      },
      end: () => [],
    };
  },
};
