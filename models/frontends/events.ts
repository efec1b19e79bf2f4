import { z } from 'zod';
import { clamp, type Events, type FrontEndDefinition, refusal, requireRange, rowRing } from './front-end.js';

/**
 * Events of a camera as frames of counts. An event at (x, y) of a sensor of W columns counts at column
 * floor(x w / W) of an image of w columns, and likewise for rows; OFF is channel 0, ON is channel 1, or both
 * are one channel. A count stays at `most`.
 *
 * Frames are bins of time, [t0 + k us, t0 + (k + 1) us): an event at an edge belongs to the later one; t0 is
 * the first event or 0. Or a frame is a number of events. An image is `frames` frames, its channels frame
 * after frame; the next is due `stride` frames later. If a recording is shorter than an image, the rest is
 * empty.
 *
 * With `decay` a frame begins with what is left of the one before: n -= (n + 2^decay - 1) >> decay, which
 * reaches 0.
 */
export type EventParameters = {
  /** [rows, columns] of the sensor, and of the image. */
  sensor: [number, number];
  size: [number, number];
  polarity: 'separate' | 'merged';
  /** What ends a frame: microseconds since the one before, or a number of events. */
  per: { us: number; from: 'first' | 'zero' } | { events: number };
  frames: number;
  stride: number;
  most: number;
  decay?: number;
};

const kind = 'events';

/** Frames that may pass without an event. Timestamps come from files, where one wrong bit is a century. */
const MAX_EMPTY = 1_000_000;

const side = z.int().min(1).max(4096);

const schema = z.strictObject({
  sensor: z.tuple([side, side]),
  size: z.tuple([side, side]),
  polarity: z.enum(['separate', 'merged']),
  per: z.union([
    z.strictObject({
      us: z
        .int()
        .min(1)
        .max(2 ** 31 - 1),
      from: z.enum(['first', 'zero']),
    }),
    z.strictObject({
      events: z
        .int()
        .min(1)
        .max(2 ** 31 - 1),
    }),
  ]),
  frames: z.int().min(1).max(4096),
  stride: z.int().min(1).max(4096),
  most: z.int().min(1).max(255),
  decay: z.int().min(0).max(7).exactOptional(),
});

const polarities = ({ polarity }: EventParameters): number => (polarity === 'separate' ? 2 : 1);

function check(parameters: EventParameters): void {
  const { sensor, size, frames, stride } = parameters;
  requireRange(kind, 'stride', stride, 1, frames);
  requireRange(kind, 'rows of the image', size[0], 1, sensor[0]);
  requireRange(kind, 'columns of the image', size[1], 1, sensor[1]);
  const values = size[0] * size[1] * polarities(parameters) * frames;
  if (values > 2 ** 27) throw refusal(kind, `an image must have at most ${2 ** 27} values, got ${values}`);
}

/** Frames of counts as they become complete, [row][column][polarity]: state of one stream. */
function counter(parameters: EventParameters, onFrame: (frame: Uint8Array) => void) {
  const { sensor, size, per, most, decay } = parameters;
  const channels = polarities(parameters);
  const frame = new Uint8Array(size[0] * size[1] * channels);
  let events = 0;
  let edge: number | undefined;
  let last = 0;
  let index = 0;
  const close = () => {
    onFrame(frame);
    events = 0;
    if (decay === undefined) frame.fill(0);
    else for (let i = 0; i < frame.length; i++) frame[i]! -= (frame[i]! + (1 << decay) - 1) >> decay;
  };
  /** Closes the frames that end at `t` or before. */
  const advance = (t: number, us: number, from: 'first' | 'zero') => {
    edge ??= (from === 'first' ? t : 0) + us;
    if (t - edge > us * MAX_EMPTY)
      throw refusal(
        kind,
        `event ${index} comes ${t - last} us after the one before, ${MAX_EMPTY} empty frames`,
      );
    for (; t >= edge; edge += us) close();
  };
  return {
    push({ t, x, y, p }: Events): void {
      for (let i = 0; i < t.length; i++, index++) {
        const time = t[i]!;
        const [row, column] = [y[i]!, x[i]!];
        if (!Number.isSafeInteger(time) || time < last)
          throw refusal(
            kind,
            `event ${index} is at ${time} us, after one at ${last} us`,
            'sort the events by time',
          );
        if (row >= sensor[0] || column >= sensor[1] || p[i]! > 1)
          throw refusal(
            kind,
            `event ${index} must be within ${sensor[1]}x${sensor[0]} and of polarity 0 or 1, got x ${column}, y ${row}, polarity ${p[i]}`,
          );
        if ('us' in per) advance(time, per.us, per.from);
        last = time;
        const place =
          Math.floor((row * size[0]) / sensor[0]) * size[1] + Math.floor((column * size[1]) / sensor[1]);
        const at = place * channels + (channels === 2 ? p[i]! : 0);
        frame[at] = Math.min(most, frame[at]! + 1);
        events++;
        if ('events' in per && events === per.events) close();
      }
    },
    /** Ends the frame that has begun, if it holds an event. */
    end(): void {
      if (events) close();
    },
    /** Ends it, empty or not. */
    close,
  };
}

/**
 * The frames of a recording, [row][column][polarity]; `incomplete`: also the last one, which the recording's
 * end cuts.
 */
export function eventFrames(parameters: EventParameters, events: Events, incomplete: boolean): Uint8Array[] {
  const frames: Uint8Array[] = [];
  const count = counter(parameters, (frame) => frames.push(frame.slice()));
  count.push(events);
  if (incomplete) count.end();
  return frames;
}

/** Frames one after the other as channels of one image. */
function asChannels(frames: Uint8Array, places: number, count: number, channels: number): Uint8Array {
  const image = new Uint8Array(frames.length);
  for (let f = 0; f < count; f++)
    for (let place = 0; place < places; place++)
      for (let c = 0; c < channels; c++)
        image[(place * count + f) * channels + c] = frames[(f * places + place) * channels + c]!;
  return image;
}

export const events: FrontEndDefinition<EventParameters, Events> = {
  raw: 'events',
  schema,
  check,
  tableLengths: () => ({}),
  checkTables() {},
  outputShape: (parameters) => [...parameters.size, polarities(parameters) * parameters.frames],
  state(parameters) {
    const { size, frames } = parameters;
    const frame = size[0] * size[1] * polarities(parameters);
    return { counts: frame, frames: frame * frames };
  },
  describe({ sensor, size, per, frames, polarity, most }) {
    const bin = 'us' in per ? `${per.us} us` : `${per.events} events`;
    const what = polarity === 'separate' ? 'ON and OFF' : 'all';
    const from = `${sensor[1]}x${sensor[0]} to ${size[1]}x${size[0]}`;
    return `counts of ${what} events in ${frames} ${frames === 1 ? 'frame' : 'frames'} of ${bin}, at most ${most}; ${from}`;
  },
  run(parameters, tables, raw) {
    const stream = events.stream(parameters, tables);
    return [...stream.push(raw), ...stream.end()];
  },
  stream(parameters) {
    const { size, frames, stride } = parameters;
    const channels = polarities(parameters);
    const places = size[0] * size[1];
    const ring = rowRing(frames, places * channels, stride);
    let images: Uint8Array[] = [];
    const count = counter(parameters, (frame) => {
      const due = ring.push(frame);
      if (due) images.push(frames === 1 ? due : asChannels(due, places, frames, channels));
    });
    const take = () => {
      const due = images;
      images = [];
      return due;
    };
    return {
      push(raw) {
        count.push(raw);
        return take();
      },
      end() {
        while (ring.pushed < frames) count.close();
        return take();
      },
    };
  },
};

/** Events of rows [t, x, y, polarity]; what no field holds is given as one that run() refuses. */
export function eventsOf(rows: ArrayLike<number>): Events {
  const count = Math.floor(rows.length / 4);
  const column = (c: number, most: number) =>
    Array.from({ length: count }, (_, i) => clamp(rows[4 * i + c]!, 0, most));
  return {
    t: Float64Array.from({ length: count }, (_, i) => rows[4 * i]!),
    x: Uint16Array.from(column(1, 65535)),
    y: Uint16Array.from(column(2, 65535)),
    p: Uint8Array.from(column(3, 255)),
  };
}
