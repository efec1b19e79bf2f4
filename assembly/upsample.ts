import { loadCounts, placeBytes, valueAt } from './counts';
import { Node, rowAt } from './node';

/** Copies the counts of one place, which may be packed where they lie and where they go. */
@inline
function copyPlace(from: usize, to: usize, channels: i32, inputPacked: bool, packed: bool): void {
  if (inputPacked == packed) loadCounts(from, to, placeBytes<u8>(channels, packed), false);
  else if (inputPacked) loadCounts(from, to, channels, true);
  else
    for (let ch = 0; ch < channels; ch += 2) {
      let pair = valueAt<u8>(from, ch, false);
      if (ch + 1 < channels) pair |= valueAt<u8>(from, ch + 1, false) << 4;
      store<u8>(to++, <u8>pair);
    }
}

/** A band of rows of `upsample` (models/ops/upsample.ts); `width`: columns of the input. */
@inline
export function upsample(
  node: Node, row: i32, rows: i32,
  width: i32, channels: i32, factor: i32,
  inputPacked: bool, packed: bool,
): void {
  const place = placeBytes<u8>(channels, inputPacked);
  const written = placeBytes<u8>(channels, packed);
  for (let r = row; r < row + rows; r++) {
    let x = rowAt(node.x, node.xRows, width * place, r / factor);
    let y = rowAt(node.y, node.yRows, width * factor * written, r);
    for (let c = 0; c < width; c++) {
      for (let i = 0; i < factor; i++) {
        copyPlace(x, y, channels, inputPacked, packed);
        y += written;
      }
      x += place;
    }
  }
}
