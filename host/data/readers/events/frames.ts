import { SpikeletError } from '../../../../models/error.js';
import type { Events } from './events.js';

/** Events `from` (included) to `to` (excluded), which become one frame. */
export type Slice = { from: number; to: number };

/**
 * How a recording is cut into frames. Windows are half-open: an event at the end of one belongs to the next.
 * - `time`: windows of `window` us, one every `stride` us (default: back to back), from the first event or `start`. A last window
 *   that the recording does not fill is dropped unless `incomplete`. tonic's time_window.
 * - `bins`: `bins` windows of equal time, floor((last - first) / bins) us. Events after the last one: tonic drops them
 *   (n_time_bins), SpikingJelly adds them to the last frame (frames_number).
 * - `count`: windows of `count` events, one every `stride` events. tonic's event_count.
 * - `count-bins`: `bins` windows of equal count, `rest` as above. tonic's n_event_bins, SpikingJelly's split_by number.
 */
export type Cut =
  | { by: 'time'; window: number; stride?: number; start?: number; incomplete?: boolean }
  | { by: 'bins'; bins: number; rest: 'drop' | 'last' }
  | { by: 'count'; count: number; stride?: number; incomplete?: boolean }
  | { by: 'count-bins'; bins: number; rest: 'drop' | 'last' };

const MAX_FRAMES = 2 ** 20;

const requireCount = (what: string, value: number, most = Number.MAX_SAFE_INTEGER): void => {
  if (!Number.isInteger(value) || value < 1 || value > most)
    throw new SpikeletError(`${what} must be a whole number in 1..${most}, got ${value}`, {
      hint: 'choose how recordings are cut into frames',
    });
};

/** How many windows of `window` with this stride fit into `length`; at least one. */
function windowsIn(length: number, window: number, stride: number, incomplete = false): number {
  requireCount('window', window);
  requireCount('stride', stride);
  const fits = (length - window) / stride;
  const count = Math.max(1, (incomplete ? Math.ceil(fits) : Math.floor(fits)) + 1);
  requireCount('the number of frames', count, MAX_FRAMES);
  return count;
}

/** The first event at or after `time`. */
function firstAt(t: Float64Array, time: number): number {
  let [low, high] = [0, t.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (t[middle]! < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The slices of events, in order of their times, that become frames. */
export function cutEvents({ t }: Events, cut: Cut): Slice[] {
  const [first, last] = [t[0]!, t[t.length - 1]!];
  const frames = (count: number, slice: (index: number) => Slice) =>
    Array.from({ length: count }, (_, i) => slice(i));
  switch (cut.by) {
    case 'time': {
      const { window, stride = window, start = first } = cut;
      return frames(windowsIn(last - start, window, stride, cut.incomplete), (i) => ({
        from: firstAt(t, start + i * stride),
        to: firstAt(t, start + i * stride + window),
      }));
    }
    case 'bins': {
      requireCount('bins', cut.bins, MAX_FRAMES);
      const window = Math.floor((last - first) / cut.bins);
      return frames(cut.bins, (i) => ({
        from: firstAt(t, first + i * window),
        to: cut.rest === 'last' && i === cut.bins - 1 ? t.length : firstAt(t, first + (i + 1) * window),
      }));
    }
    case 'count': {
      const count = Math.min(cut.count, t.length);
      const stride = cut.stride ?? count;
      return frames(windowsIn(t.length, count, stride, cut.incomplete), (i) => ({
        from: i * stride,
        to: Math.min(t.length, i * stride + count),
      }));
    }
    case 'count-bins': {
      requireCount('bins', cut.bins, MAX_FRAMES);
      const count = Math.floor(t.length / cut.bins);
      return frames(cut.bins, (i) => ({
        from: i * count,
        to: cut.rest === 'last' && i === cut.bins - 1 ? t.length : (i + 1) * count,
      }));
    }
  }
}

/** Events per pixel of a frame, OFF first: [polarity][row][column]. Counts are not clipped. */
export function countEvents(
  { x, y, p }: Events,
  { from, to }: Slice,
  { width, height }: { width: number; height: number },
): Uint32Array {
  const counts = new Uint32Array(2 * width * height);
  for (let i = from; i < to; i++) {
    if (x[i]! >= width || y[i]! >= height)
      throw new SpikeletError(`event ${i} is at column ${x[i]}, row ${y[i]}: outside ${width}x${height}`, {
        hint: 'give the size of the sensor',
      });
    counts[(p[i]! * height + y[i]!) * width + x[i]!]!++;
  }
  return counts;
}
