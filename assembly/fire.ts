import { fireRun } from './ends';
import { Node, rowAt } from './node';

/**
 * A band of rows of `fire` (models/ops/fire.ts) on a membrane of type X, thresholds of type T [level][stride]; where
 * one row of them serves all channels, a whole row of the map is one run.
 */
@inline
export function fire<X, T>(
  node: Node,
  row: i32,
  rows: i32,
  columns: i32,
  channels: i32,
  levels: i32,
  stride: i32,
): void {
  for (let r = row; r < row + rows; r++) {
    let x = rowAt(node.x, node.xRows, columns * channels * sizeof<X>(), r);
    let y = rowAt(node.y, node.yRows, columns * channels, r);
    if (stride == 1) fireRun<X, T>(x, y, columns * channels, node.thresholds, stride, levels);
    else
      for (const end = y + columns * channels; y < end; y += channels) {
        fireRun<X, T>(x, y, channels, node.thresholds, stride, levels);
        x += channels * sizeof<X>();
      }
  }
}
