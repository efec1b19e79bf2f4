import { placeBytes, rowCounts } from './counts';
import { fireRun } from './ends';
import { Node, rowAt } from './node';
import { extract } from './streams';
import { addScaled, clear } from './sum';

/**
 * A band of rows of `attend` (models/ops/attend.ts): x queries, x1 keys, x2 values. E, P, T: types of stream
 * entries, of k^T v and of thresholds. The first band computes k^T v, which is kept until the last. Rows of
 * keys and queries become streams whose columns are the heads of each position: `tableBytes` of table, then
 * entries, `streamBytes` in total. `packed`: queries, keys, values and output are in 4 bits; a packed row is
 * unpacked after the streams.
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
  const table = sums + (<usize>valueChannels << 2);
  const unpacked = table + streamBytes;
  const perHead = valueChannels / heads;
  const rowBytes = perHead * sizeof<P>();
  const depth = channels / heads;
  if (row == 0) {
    clear<P>(node.kept, channels * perHead);
    for (let r = 0; r < height; r++) {
      let k = rowAt(node.x1, node.x1Rows, columns * placeBytes<u8>(channels, keysPacked), r);
      k = rowCounts(k, unpacked, columns, channels, keysPacked);
      extract<E>(k, columns * heads, depth, keyPlanes, table, table + tableBytes);
      let values = rowAt(node.x2, node.x2Rows, columns * placeBytes<u8>(valueChannels, valuesPacked), r);
      values = rowCounts(values, unpacked, columns, valueChannels, valuesPacked);
      for (let plane = 0; plane < keyPlanes; plane++) {
        let v = values;
        let column = table + <usize>(plane * (columns * heads + 1) * 4);
        for (let c = 0; c < columns; c++) {
          const products = node.kept - <usize>(c * channels) * rowBytes;
          for (let h = 0; h < heads; h++) {
            const stop: usize = load<u32>(column, 4);
            for (let entry: usize = load<u32>(column); entry < stop; entry += sizeof<E>())
              addScaled<P, u8>(products + <usize>load<E>(entry) * rowBytes, v, 1 << plane, perHead);
            column += 4;
            v += perHead;
          }
        }
      }
    }
  }
  for (let r = row; r < row + rows; r++) {
    let q = rowAt(node.x, node.xRows, columns * placeBytes<u8>(channels, queriesPacked), r);
    q = rowCounts(q, unpacked, columns, channels, queriesPacked);
    let y = rowAt(node.y, node.yRows, columns * placeBytes<u8>(valueChannels, packed), r);
    extract<E>(q, columns * heads, depth, queryPlanes, table, table + tableBytes);
    for (let c = 0; c < columns; c++) {
      const products = node.kept - <usize>(c * channels) * rowBytes;
      clear<i32>(sums, valueChannels);
      for (let plane = 0; plane < queryPlanes; plane++) {
        let column = table + <usize>((plane * (columns * heads + 1) + c * heads) * 4);
        let to = sums;
        for (let h = 0; h < heads; h++) {
          const stop: usize = load<u32>(column, 4);
          for (let entry: usize = load<u32>(column); entry < stop; entry += sizeof<E>())
            addScaled<i32, P>(to, products + <usize>load<E>(entry) * rowBytes, 1 << plane, perHead);
          column += 4;
          to += <usize>perHead << 2;
        }
      }
      fireRun<i32, T>(sums, y, valueChannels, node.thresholds, 1, levels, packed);
      y += placeBytes<u8>(valueChannels, packed);
    }
  }
}
