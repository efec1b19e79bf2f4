/**
 * What every front end's record begins with: the rows of its image, kept in a ring. wasm/front-end.ts writes
 * it.
 */
@unmanaged
export class FrontEnd {
  /** u8 [rows][width]. */
  image: usize;
  /** The next row to be written: the oldest one, when an image is due. */
  row: i32;
  /** Rows until an image is due. */
  wait: i32;
  /** Whether one is due; it must be read before more is taken. */
  due: i32;
}

/** Address of the row to be written. */
@inline
export function nextRow(front: FrontEnd, width: i32): usize {
  return front.image + <usize>(front.row * width);
}

/**
 * The row is written. Sets `due` where an image of `rows` rows is due: the first after `rows` rows, then
 * every `stride`.
 */
@inline
export function endRow(front: FrontEnd, rows: i32, stride: i32): void {
  const row = front.row + 1;
  front.row = row == rows ? 0 : row;
  front.wait--;
  if (front.wait > 0) return;
  front.wait = stride;
  front.due = 1;
}

/** The image in order, oldest row first, each value by the pixel table [channel][256]. */
export function readImage(front: FrontEnd, table: usize, rows: i32, width: i32, channels: i32, to: usize): void {
  let row = front.row;
  let channel = 0;
  for (let r = 0; r < rows; r++) {
    let from = front.image + <usize>(row * width);
    for (const end = from + width; from < end; from++) {
      store<i8>(to++, load<i8>(table + <usize>((channel << 8) + <i32>load<u8>(from))));
      if (++channel == channels) channel = 0;
    }
    if (++row == rows) row = 0;
  }
}
