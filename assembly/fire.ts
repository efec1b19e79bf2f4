import { reached } from './ends';
import { Node, rowAt } from './node';

/** A band of rows of `fire` (models/ops/fire.ts) on a membrane of type X with thresholds of type T; one row of thresholds may serve all channels. */
@inline
export function fire<X, T>(
  node: Node,
  row: i32,
  rows: i32,
  columns: i32,
  channels: i32,
  levels: i32,
  shared: bool,
): void {
  for (let r = row; r < row + rows; r++) {
    let x = rowAt(node.x, node.xRows, columns * channels * sizeof<X>(), r);
    let y = rowAt(node.y, node.yRows, columns * channels, r);
    for (const end = y + columns * channels; y < end; ) {
      let thresholds = node.thresholds;
      for (let ch = 0; ch < channels; ch++) {
        store<u8>(y++, reached<T>(<i32>load<X>(x), thresholds, levels));
        x += sizeof<X>();
        if (!shared) thresholds += levels * sizeof<T>();
      }
    }
  }
}
