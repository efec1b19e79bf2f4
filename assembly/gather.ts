import { loadCounts, placeBytes } from './counts';
import { rowAt } from './node';
import { clear } from './sum';

/**
 * Copies columns `from` .. `from + columns` of the rows under a window, so that each column's lie together: [column][row
 * of the window][channel], in bytes. Rows outside of the map are zero. `top` is the first row, which may lie above the
 * map, whose rows have `width` columns.
 */
export function gather(
  x: usize, ring: u32, top: i32, rows: i32, height: i32, width: i32, channels: i32, from: i32, columns: i32,
  packed: bool, to: usize,
): void {
  const place = placeBytes<u8>(channels, packed);
  for (let i = 0; i < rows; i++) {
    const r = top + i;
    let column = to + <usize>(i * channels);
    if (r >= 0 && r < height) {
      let at = rowAt(x, ring, width * place, r) + <usize>(from * place);
      for (let c = 0; c < columns; c++) {
        if (packed) loadCounts(at, column, channels, true);
        else loadCounts(at, column, channels, false);
        at += place;
        column += <usize>(rows * channels);
      }
    } else {
      for (let c = 0; c < columns; c++) {
        clear<u8>(column, channels);
        column += <usize>(rows * channels);
      }
    }
  }
}
