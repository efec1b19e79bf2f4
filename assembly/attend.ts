import { fireRun } from './ends';
import { Node, rowAt } from './node';
import { addScaled, clear } from './sum';

/**
 * A band of rows of `attend` (models/ops/attend.ts): x queries, x1 keys, x2 values. P, T: types of the entries of k^T v
 * and of the thresholds. The first band computes k^T v, which is kept to the last.
 */
@inline
export function attend<P, T>(
  node: Node,
  row: i32,
  rows: i32,
  height: i32,
  columns: i32,
  channels: i32,
  wide: i32,
  heads: i32,
  levels: i32,
): void {
  const sums = node.scratch;
  const perHead = wide / heads;
  if (row == 0) {
    clear<P>(node.kept, channels * perHead);
    for (let r = 0; r < height; r++) {
      let k = rowAt(node.x1, node.x1Rows, columns * channels, r);
      let v = rowAt(node.x2, node.x2Rows, columns * wide, r);
      for (let c = 0; c < columns; c++) {
        let to = node.kept;
        for (let h = 0; h < heads; h++) {
          for (let i = 0; i < channels / heads; i++) {
            const count = <i32>load<u8>(k++);
            if (count) addScaled<P, u8>(to, v, count, perHead);
            to += <usize>perHead * sizeof<P>();
          }
          v += perHead;
        }
      }
    }
  }
  for (let r = row; r < row + rows; r++) {
    let q = rowAt(node.x, node.xRows, columns * channels, r);
    let y = rowAt(node.y, node.yRows, columns * wide, r);
    for (let c = 0; c < columns; c++) {
      clear<i32>(sums, wide);
      let from = node.kept;
      let to = sums;
      for (let h = 0; h < heads; h++) {
        for (let i = 0; i < channels / heads; i++) {
          const count = <i32>load<u8>(q++);
          if (count) addScaled<i32, P>(to, from, count, perHead);
          from += <usize>perHead * sizeof<P>();
        }
        to += <usize>perHead << 2;
      }
      fireRun<i32, T>(sums, y, wide, node.thresholds, 1, levels);
      y += wide;
    }
  }
}
