import { endRow, FrontEnd, nextRow } from './ring';

/** Windows of a sampled signal of several channels (models/frontends/window.ts), one sample at a time. */
@unmanaged
export class Window extends FrontEnd {
  /** Whether the filters have begun. */
  started: i32;
  /** i32 [channels], Q8. */
  gravity: usize;
  /** i16 [channels]: the sample before. */
  previous: usize;
  /** i16 [outputs][channel, take, multiplier]; takes in the order of Take. */
  outputs: usize;
}

/** What of a channel an output takes. */
const enum Take {
  Raw,
  Lowpass,
  Highpass,
  Difference,
}

@inline
function taken(take: i32, x: i32, lowpass: i32, previous: i32): i32 {
  if (take == Take.Raw) return x;
  if (take == Take.Lowpass) return lowpass;
  return x - (take == Take.Highpass ? lowpass : previous);
}

/** Takes samples (i16 [channels]) until an image is due or none are left; gives back how many it took. */
@inline
export function window(
  front: Window, raw: usize, count: i32,
  channels: i32, outputs: i32, smoothing: i32, shift: i32,
  rows: i32, stride: i32,
): i32 {
  front.due = 0;
  let at = 0;
  for (; at < count && !front.due; at++) {
    for (let c = 0; c < channels; c++) {
      const x = <i32>load<i16>(raw + (<usize>c << 1));
      const gravity = front.gravity + (<usize>c << 2);
      const g = load<i32>(gravity);
      if (!front.started) store<i16>(front.previous + (<usize>c << 1), <i16>x);
      store<i32>(gravity, front.started ? g + (((x << 8) - g) >> smoothing) : x << 8);
    }
    front.started = 1;
    const row = nextRow(front, outputs);
    let output = front.outputs;
    for (let o = 0; o < outputs; o++) {
      const channel = <usize>load<i16>(output);
      const value = taken(
        <i32>load<i16>(output, 2),
        <i32>load<i16>(raw + (channel << 1)),
        (load<i32>(front.gravity + (channel << 2)) + 128) >> 8,
        <i32>load<i16>(front.previous + (channel << 1)),
      );
      const scaled = (value * <i32>load<i16>(output, 4) + (1 << (shift - 1))) >> shift;
      store<u8>(row + o, <u8>(min(max(scaled, -128), 127) + 128));
      output += 6;
    }
    for (let c = 0; c < channels; c++)
      store<i16>(front.previous + (<usize>c << 1), load<i16>(raw + (<usize>c << 1)));
    raw += <usize>channels << 1;
    endRow(front, rows, stride);
  }
  return at;
}
