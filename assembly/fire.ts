import { placeBytes } from './counts';
import { fireRun } from './ends';
import { Node, rowAt } from './node';

/**
 * A band of rows of `fire` (models/ops/fire.ts) on a membrane of type X, thresholds of type T
 * [level][stride]; if all channels share them, a whole row of the map is one run. `packed`: counts are
 * written two per byte.
 */
@inline
export function fire<X, T>(
  node: Node, row: i32, rows: i32,
  columns: i32, channels: i32,
  levels: i32, stride: i32, packed: bool,
): void {
  for (let r = row; r < row + rows; r++) {
    let x = rowAt(node.x, node.xRows, columns * channels * sizeof<X>(), r);
    const place = placeBytes<u8>(channels, packed);
    let y = rowAt(node.y, node.yRows, columns * place, r);
    // Packed positions with an odd number of channels have a gap between them.
    if (stride == 1 && !(packed && channels & 1))
      fireRun<X, T>(x, y, columns * channels, node.thresholds, stride, levels, packed);
    else
      for (const end = y + columns * place; y < end; y += place) {
        fireRun<X, T>(x, y, channels, node.thresholds, stride, levels, packed);
        x += channels * sizeof<X>();
      }
  }
}
