import { rowAt } from './node';

/**
 * Copies the rows under a window, so that each column's lie together: [column][row of the window][channel]. Rows
 * outside of the map are zero. `top` is the first row, which may lie above the map.
 */
export function gather(
  x: usize, ring: u32, top: i32, rows: i32, height: i32, width: i32, channels: i32, to: usize,
): void {
  for (let i = 0; i < rows; i++) {
    const r = top + i;
    const inside = r >= 0 && r < height;
    let from = inside ? rowAt(x, ring, width * channels, r) : x;
    let column = to + <usize>(i * channels);
    for (let c = 0; c < width; c++) {
      let at = column;
      let left = inside ? channels : 0;
      if (ASC_FEATURE_SIMD) {
        for (; left >= 16; left -= 16) {
          v128.store(at, v128.load(from));
          from += 16;
          at += 16;
        }
      }
      for (; left >= 4; left -= 4) {
        store<u32>(at, load<u32>(from));
        from += 4;
        at += 4;
      }
      for (; left > 0; left--) store<u8>(at++, load<u8>(from++));
      for (; at < column + channels; at++) store<u8>(at, 0);
      column += <usize>(rows * channels);
    }
  }
}
