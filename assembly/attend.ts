import { fire } from './ends';
import { Node, rowAt } from './node';
import { addScaled, clear } from './sum';

/**
 * A band of rows of `attend` (models/ops/attend.ts): x queries, x1 keys, x2 values; T: type of the
 * thresholds.
 * k^T v is computed anew for every band, because other nodes use the working memory between two bands.
 */
@inline
export function attend<T>(
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
  const products = node.scratch;
  const perHead = wide / heads;
  const sums = products + (<usize>(channels * perHead) << 2);
  clear(products, channels * perHead);
  for (let r = 0; r < height; r++) {
    let k = rowAt(node.x1, node.x1Rows, columns * channels, r);
    let v = rowAt(node.x2, node.x2Rows, columns * wide, r);
    for (let c = 0; c < columns; c++) {
      let to = products;
      for (let h = 0; h < heads; h++) {
        for (let i = 0; i < channels / heads; i++) {
          const count = <i32>load<u8>(k++);
          if (count) addScaled<u8>(to, v, count, perHead);
          to += <usize>perHead << 2;
        }
        v += perHead;
      }
    }
  }
  for (let r = row; r < row + rows; r++) {
    let q = rowAt(node.x, node.xRows, columns * channels, r);
    let y = rowAt(node.y, node.yRows, columns * wide, r);
    for (let c = 0; c < columns; c++) {
      clear(sums, wide);
      let from = products;
      let to = sums;
      for (let h = 0; h < heads; h++) {
        for (let i = 0; i < channels / heads; i++) {
          const count = <i32>load<u8>(q++);
          if (count) addScaled<i32>(to, from, count, perHead);
          from += <usize>perHead << 2;
        }
        to += <usize>perHead << 2;
      }
      fire<T>(sums, y, wide, node.thresholds, levels, true);
      y += wide;
    }
  }
}
