import { endRow, FrontEnd, nextRow } from './ring';

/** Events of a camera as frames of counts (models/frontends/events.ts), one event at a time. */
@unmanaged
export class Event extends FrontEnd {
  /** Whether the row that is next holds the counts of a frame that has begun. */
  open: i32;
  /** Whether a frame has begun, and when it did, in microseconds modulo 2^32. */
  started: i32;
  begin: u32;
  /** Events of this frame. */
  count: i32;
}

/** Begins a frame: empty, or with what the one before has left. */
function begin(front: Event, rows: i32, width: i32, decay: i32): void {
  front.open = 1;
  let to = nextRow(front, width);
  let before = front.image + <usize>((front.row ? front.row - 1 : rows - 1) * width);
  for (const end = to + width; to < end; to++) {
    let n = 0;
    if (decay >= 0) {
      n = <i32>load<u8>(before++);
      n -= (n + (1 << decay) - 1) >> decay;
    }
    store<u8>(to, <u8>n);
  }
}

function close(front: Event, rows: i32, stride: i32): void {
  front.open = 0;
  front.count = 0;
  endRow(front, rows, stride);
}

/**
 * Takes an event at `t` microseconds modulo 2^32, unless an image is due before it. Gives back 1 if it was
 * taken, 0 if it must be given again once the image is read, -1 if it is refused: outside of the sensor, or
 * earlier than its frame. A frame is `us` microseconds or, where that is 0, `events` events. `decay` < 0: a
 * frame begins empty.
 */
@inline
export function event(
  front: Event, t: u32, x: i32, y: i32, p: i32,
  sensorRows: i32, sensorColumns: i32, imageRows: i32, imageColumns: i32, polarities: i32,
  us: u32, fromZero: bool, events: i32, most: i32, decay: i32,
  rows: i32, stride: i32,
): i32 {
  front.due = 0;
  if (<u32>y >= <u32>sensorRows || <u32>x >= <u32>sensorColumns || <u32>p > 1) return -1;
  const width = imageRows * imageColumns * polarities;
  if (!front.started) {
    front.started = 1;
    front.begin = fromZero ? 0 : t;
  }
  if (us) {
    if (<i32>(t - front.begin) < 0) return -1;
    while (<u32>(t - front.begin) >= us) {
      if (!front.open) begin(front, rows, width, decay);
      front.begin += us;
      close(front, rows, stride);
      if (front.due) return 0;
    }
  }
  if (!front.open) begin(front, rows, width, decay);
  const place = ((y * imageRows) / sensorRows) * imageColumns + (x * imageColumns) / sensorColumns;
  const at = nextRow(front, width) + <usize>(place * polarities + (polarities == 2 ? p : 0));
  const n = <i32>load<u8>(at);
  if (n < most) store<u8>(at, <u8>(n + 1));
  front.count++;
  if (!us && front.count == events) close(front, rows, stride);
  return 1;
}

/**
 * Frames as channels of one image, oldest first, [place][frame][polarity], each value by the pixel table
 * [channel][256].
 */
export function readFrames(front: Event, table: usize, rows: i32, places: i32, polarities: i32, to: usize): void {
  const width = places * polarities;
  let row = front.row;
  for (let f = 0; f < rows; f++) {
    let from = front.image + <usize>(row * width);
    let out = to + <usize>(f * polarities);
    for (let place = 0; place < places; place++) {
      for (let c = 0; c < polarities; c++)
        store<i8>(out + c, load<i8>(table + <usize>(((f * polarities + c) << 8) + <i32>load<u8>(from++))));
      out += <usize>(rows * polarities);
    }
    if (++row == rows) row = 0;
  }
}
