import { placeBytes, rowCounts, valueAt } from './counts';
import { fireRun } from './ends';
import { Node, rowAt } from './node';
import { addScaled, clear } from './sum';

/**
 * A band of rows of `attend` (models/ops/attend.ts): x queries, x1 keys, x2 values. E, P, T: types of stream
 * entries (used only in the simd tier), of k^T v and of thresholds. The first band computes k^T v, which is
 * kept until the last. Each nonzero key or query adds a row of values or of k^T v. `packed`: queries, keys,
 * values and output are in 4 bits; a packed row of values is unpacked after the sums.
 */
@inline
export function attend<E, P, T>(
  node: Node, row: i32, rows: i32,
  height: i32, columns: i32, channels: i32,
  valueChannels: i32, heads: i32,
  keyPlanes: i32, queryPlanes: i32, tableBytes: i32, streamBytes: i32,
  levels: i32, queriesPacked: bool, keysPacked: bool, valuesPacked: bool, packed: bool,
): void {
  const sums = node.scratch;
  const unpacked = sums + (<usize>valueChannels << 2);
  const perHead = valueChannels / heads;
  const depth = channels / heads;
  const keyPlace = placeBytes<u8>(channels, keysPacked);
  const queryPlace = placeBytes<u8>(channels, queriesPacked);
  if (row == 0) {
    clear<P>(node.kept, channels * perHead);
    for (let r = 0; r < height; r++) {
      let k = rowAt(node.x1, node.x1Rows, columns * keyPlace, r);
      const values = rowAt(node.x2, node.x2Rows, columns * placeBytes<u8>(valueChannels, valuesPacked), r);
      let v = rowCounts(values, unpacked, columns, valueChannels, valuesPacked);
      for (let c = 0; c < columns; c++) {
        let products = node.kept;
        for (let i = 0; i < channels; ) {
          for (const stop = i + depth; i < stop; i++) {
            const key = valueAt<u8>(k, i, keysPacked);
            if (key) addScaled<P, u8>(products, v, key, perHead);
            products += perHead * sizeof<P>();
          }
          v += perHead;
        }
        k += keyPlace;
      }
    }
  }
  for (let r = row; r < row + rows; r++) {
    let q = rowAt(node.x, node.xRows, columns * queryPlace, r);
    let y = rowAt(node.y, node.yRows, columns * placeBytes<u8>(valueChannels, packed), r);
    for (let c = 0; c < columns; c++) {
      clear<i32>(sums, valueChannels);
      let products = node.kept;
      let to = sums;
      for (let i = 0; i < channels; ) {
        for (const stop = i + depth; i < stop; i++) {
          const query = valueAt<u8>(q, i, queriesPacked);
          if (query) addScaled<i32, P>(to, products, query, perHead);
          products += perHead * sizeof<P>();
        }
        to += <usize>perHead << 2;
      }
      fireRun<i32, T>(sums, y, valueChannels, node.thresholds, 1, levels, packed);
      y += placeBytes<u8>(valueChannels, packed);
      q += queryPlace;
    }
  }
}
