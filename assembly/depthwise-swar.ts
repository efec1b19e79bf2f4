import { placeBytes, valueAt } from './counts';
import { fireRun, scaleRun } from './ends';
import { Node, rowAt } from './node';
import { End } from './scalar';

/**
 * A band of rows of a depthwise `accumulate` on spikes. W, R, Y, T: types of weights, residual, output and thresholds.
 * Weights are W [kernel row][kernel column][channel]. Four sums are in registers over their whole window.
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
  for (let r = row; r < row + rows; r++) {
    const top = r * strideRows - paddingRows;
    const firstRow = max(0, -top);
    const lastRow = min(kernelRows, height - top);
    const firstSlot = <u32>(top + firstRow) % ring;
    let y = rowAt(node.y, node.yRows, columns * placeBytes<Y>(channels, packed), r);
    let x1 = residual ? rowAt(node.x1, node.x1Rows, columns * channels * sizeof<R>(), r) : 0;
    for (let c = 0; c < columns; c++) {
      const left = c * strideColumns - paddingColumns;
      const firstColumn = max(0, -left);
      const lastColumn = min(kernelColumns, width - left);
      let ch = 0;
      for (; ch < (channels & ~3); ch += 4) {
        let a = 0;
        let b = 0;
        let d = 0;
        let e = 0;
        let slot = firstSlot;
        for (let i = firstRow; i < lastRow; i++) {
          let x = node.x + (slot * width + left + firstColumn) * place;
          let w = node.weights + ((i * kernelColumns + firstColumn) * channels + ch) * sizeof<W>();
          for (let j = firstColumn; j < lastColumn; j++) {
            a += valueAt<u8>(x, ch, inputPacked) * <i32>load<W>(w);
            b += valueAt<u8>(x, ch + 1, inputPacked) * <i32>load<W>(w, sizeof<W>());
            d += valueAt<u8>(x, ch + 2, inputPacked) * <i32>load<W>(w, 2 * sizeof<W>());
            e += valueAt<u8>(x, ch + 3, inputPacked) * <i32>load<W>(w, 3 * sizeof<W>());
            x += place;
            w += channels * sizeof<W>();
          }
          if (++slot == ring) slot = 0;
        }
        const to = sums + (<usize>ch << 2);
        store<i32>(to, a);
        store<i32>(to, b, 4);
        store<i32>(to, d, 8);
        store<i32>(to, e, 12);
      }
      if (channels & 3) {
        for (; ch < channels; ch++) {
          let sum = 0;
          let slot = firstSlot;
          for (let i = firstRow; i < lastRow; i++) {
            let x = node.x + (slot * width + left + firstColumn) * place;
            let w = node.weights + ((i * kernelColumns + firstColumn) * channels + ch) * sizeof<W>();
            for (let j = firstColumn; j < lastColumn; j++) {
              sum += valueAt<u8>(x, ch, inputPacked) * <i32>load<W>(w);
              x += place;
              w += channels * sizeof<W>();
            }
            if (++slot == ring) slot = 0;
          }
          store<i32>(sums + (<usize>ch << 2), sum);
        }
      }
      if (end == End.Fire) fireRun<i32, T>(sums, y, channels, node.thresholds, stride, levels, packed);
      else scaleRun<i32, R, Y>(node.multiplier, node.bias, node.shift, sums, y, x1, channels, residual);
      y += placeBytes<Y>(channels, packed);
      if (residual) x1 += channels * sizeof<R>();
    }
  }
}
