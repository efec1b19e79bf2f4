import { loadCounts, placeBytes, rowCounts } from './counts';
import { Node, rowAt } from './node';
import { clear } from './sum';

/**
 * Copies columns `from` .. `from + columns` of the rows under a window, so that each column is contiguous:
 * [column][row of the window][channel], in bytes. Rows outside the map are zero. `top` is the first row,
 * possibly above the map, whose rows have `width` columns.
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

/**
 * Address of the counts of columns `from` .. `from + columns` under a row of windows, [column][row of the
 * window][channel]: the row itself, or `to` after gathering or unpacking.
 */
@inline
export function windowRow(
  node: Node, top: i32, rows: i32, height: i32, width: i32, channels: i32, from: i32, columns: i32, packed: bool,
  to: usize,
): usize {
  if (rows > 1) {
    gather(node.x, node.xRows, top, rows, height, width, channels, from, columns, packed, to);
    return to;
  }
  const place = placeBytes<u8>(channels, packed);
  const x = rowAt(node.x, node.xRows, width * place, top) + <usize>(from * place);
  return rowCounts(x, to, columns, channels, packed);
}
