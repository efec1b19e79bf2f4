import { eightAt, placeBytes, valueAt } from './counts';
import { fireRun, scaleRun } from './ends';
import { Node, rowAt } from './node';
import { End } from './scalar';
import { fourPlaces, oneTap, takesRows, tapAt } from './taps';

/**
 * A band of rows of a depthwise `accumulate` on spikes. W, R, Y, T: types of weights (16 bits), residual, output and thresholds.
 * Weights are W [kernel row][kernel column][channel]. Sums fit 16 bits; eight channels of four places are in registers over their windows.
 */
@inline
export function depthwise<W, R, Y, T>(
  node: Node,
  row: i32,
  rows: i32,
  height: i32,
  width: i32,
  channels: i32,
  columns: i32,
  kernelRows: i32,
  kernelColumns: i32,
  strideRows: i32,
  strideColumns: i32,
  paddingRows: i32,
  paddingColumns: i32,
  end: End,
  levels: i32,
  stride: i32,
  residual: bool,
  inputPacked: bool,
  packed: bool,
): void {
  const sums = node.scratch;
  const ring = node.xRows;
  const place = placeBytes<u8>(channels, inputPacked);
  const next = strideColumns * place;
  for (let r = row; r < row + rows; r++) {
    const top = r * strideRows - paddingRows;
    const firstRow = max(0, -top);
    const lastRow = min(kernelRows, height - top);
    const firstSlot = <u32>(top + firstRow) % ring;
    let y = rowAt(node.y, node.yRows, columns * placeBytes<Y>(channels, packed), r);
    let x1 = residual ? rowAt(node.x1, node.x1Rows, columns * channels * sizeof<R>(), r) : 0;
    for (let c = 0; c < columns; ) {
      const left = c * strideColumns - paddingColumns;
      const firstColumn = max(0, -left);
      const lastColumn = min(kernelColumns, width - left);
      // Four places whose windows lie within the map share the loads of the weights.
      const inside = left >= 0 && left + 3 * strideColumns + kernelColumns <= width;
      const places = c + 4 <= columns && inside && takesRows(firstRow, lastRow, kernelRows) ? 4 : 1;
      let ch = 0;
      if (places == 4) {
        for (; ch < (channels & ~7); ch += 8) {
          fourPlaces(
            node.x + left * place, firstSlot, ring, width * place, ch, channels, place, firstRow, lastRow, kernelColumns,
            strideColumns, node.weights + (firstRow * kernelColumns * channels + ch) * 2, inputPacked,
            sums + (<usize>ch << 1),
          );
        }
      } else {
        for (; ch < (channels & ~7); ch += 8) {
          let a = i16x8.splat(0);
          let slot = firstSlot;
          for (let i = firstRow; i < lastRow; i++) {
            let x = node.x + (slot * width + left + firstColumn) * place;
            let w = node.weights + ((i * kernelColumns + firstColumn) * channels + ch) * 2;
            for (let j = firstColumn; j < lastColumn; j++) {
              a = i16x8.add(a, i16x8.mul(eightAt(x, ch, inputPacked), tapAt(w)));
              x += place;
              w += channels * 2;
            }
            if (++slot == ring) slot = 0;
          }
          v128.store(sums + (<usize>ch << 1), a);
        }
      }
      if (channels & 7) {
        for (let at = 0; at < places; at++)
          for (let rest = ch; rest < channels; rest++) {
            let sum = 0;
            let slot = firstSlot;
            for (let i = firstRow; i < lastRow; i++) {
              let x = node.x + (slot * width + left + firstColumn) * place + at * next;
              let w = node.weights + ((i * kernelColumns + firstColumn) * channels + rest) * 2;
              for (let j = firstColumn; j < lastColumn; j++) {
                sum += valueAt<u8>(x, rest, inputPacked) * oneTap(w);
                x += place;
                w += channels * 2;
              }
              if (++slot == ring) slot = 0;
            }
            store<i16>(sums + <usize>((at * channels + rest) << 1), <i16>sum);
          }
      }
      for (let at = 0; at < places; at++) {
        const from = sums + <usize>(at * channels * 2);
        if (end == End.Fire) fireRun<i16, T>(from, y, channels, node.thresholds, stride, levels, packed);
        else scaleRun<i16, R, Y>(node.multiplier, node.bias, node.shift, from, y, x1, channels, residual);
        y += placeBytes<Y>(channels, packed);
        if (residual) x1 += channels * sizeof<R>();
      }
      c += places;
    }
  }
}
