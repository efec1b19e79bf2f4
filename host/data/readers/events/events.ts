import type { Events as RawEvents } from '../../../../models/frontends/index.js';
import { type Refuse, refusalOf } from '../../../system/refusal.js';

/**
 * A recording as a front end takes it: t in microseconds (whole numbers, exact to 2^53), column x, row y, p 1 for ON, which
 * became brighter, else 0. `skipped`: records of other kinds, triggers and the like.
 */
export type Events = RawEvents & {
  /** The size of the sensor, if the file gives it. */
  width?: number;
  height?: number;
  skipped: number;
};

/** 13 bytes each, 870 MB in all: twenty minutes of a busy recording. */
const MAX_EVENTS = 2 ** 26;

export const CUT = 'the file is cut short or damaged: fetch or record it again';

/** Gathers the events of a file. */
export class EventList {
  private t = new Float64Array(256);
  private x = new Uint16Array(256);
  private y = new Uint16Array(256);
  private p = new Uint8Array(256);
  private count = 0;
  skipped = 0;

  constructor(private readonly refuse: Refuse) {}

  add(t: number, x: number, y: number, p: number): void {
    const at = this.count++;
    if (at === this.t.length) this.grow();
    this.t[at] = t;
    this.x[at] = x;
    this.y[at] = y;
    this.p[at] = p;
  }

  private grow(): void {
    const { length } = this.t;
    if (length >= MAX_EVENTS)
      this.refuse(`it holds more than ${MAX_EVENTS} events`, 'cut the recording into shorter ones');
    const grown = <A extends { set(from: A): void }>(to: A, from: A): A => {
      to.set(from);
      return to;
    };
    this.t = grown(new Float64Array(2 * length), this.t);
    this.x = grown(new Uint16Array(2 * length), this.x);
    this.y = grown(new Uint16Array(2 * length), this.y);
    this.p = grown(new Uint8Array(2 * length), this.p);
  }

  /** The finished list. Throws if it is empty or an event is outside the sensor. */
  done(size: { width?: number; height?: number } = {}): Events {
    const { count, refuse, skipped } = this;
    if (!count)
      return refuse(
        skipped ? `it holds no events, but ${skipped} records of other kinds` : 'it holds no events',
        'is it the recording of an event camera?',
      );
    const { width = 65536, height = 65536 } = size;
    for (let i = 0; i < count; i++)
      if (this.x[i]! >= width || this.y[i]! >= height)
        return refuse(
          `event ${i} is at column ${this.x[i]}, row ${this.y[i]} of a sensor of ${width}x${height}`,
          CUT,
        );
    return {
      ...size,
      t: this.t.slice(0, count),
      x: this.x.slice(0, count),
      y: this.y.slice(0, count),
      p: this.p.slice(0, count),
      skipped,
    };
  }
}

/** Makes times of a counter that starts again at `period` go on; a fall by more than half of it is a new start. */
export function unwrapped(period: number): (time: number) => number {
  let base = 0;
  let last = 0;
  return (time) => {
    if (last - time > period / 2) base += period;
    last = time;
    return base + time;
  };
}

/** What becomes of events that are not in the order of their times: an error, or they are sorted. */
export type Order = 'refuse' | 'sort';

/**
 * Events in the order of their times; those of one time stay as they are. `moved`: how many were earlier than one before.
 * @throws SpikeletError that names the first such, where `order` is not 'sort'.
 */
export function ordered(events: Events, order: Order, name: string): { events: Events; moved: number } {
  const { t } = events;
  let [moved, latest, first] = [0, Number.NEGATIVE_INFINITY, -1];
  for (let i = 0; i < t.length; i++) {
    if (t[i]! >= latest) {
      latest = t[i]!;
      continue;
    }
    if (first < 0) first = i;
    moved++;
  }
  if (!moved) return { events, moved };
  if (order === 'refuse')
    return refusalOf(name)(
      `event ${first} is at ${t[first]} us, one before it at a later time; so are ${moved - 1} more`,
      'is it of this format? If so, have it sorted: order=sort',
    );
  const by = Uint32Array.from(t, (_, i) => i).sort((a, b) => t[a]! - t[b]! || a - b);
  const taken = <A extends Uint8Array | Uint16Array | Float64Array>(from: A): A => {
    const to = from.slice() as A;
    for (let i = 0; i < by.length; i++) to[i] = from[by[i]!]!;
    return to;
  };
  return {
    events: { ...events, t: taken(t), x: taken(events.x), y: taken(events.y), p: taken(events.p) },
    moved,
  };
}
