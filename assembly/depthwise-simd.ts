import { fireRun, scaleRun } from './ends';
import { Node, rowAt } from './node';
import { End } from './scalar';

/**
 * A band of rows of a depthwise `accumulate` on spikes. W, R, Y, T: types of weights (16 bits), residual, output and thresholds.
 * Weights are W [kernel row][kernel column][channel]. Sums fit 16 bits; sixteen are in registers over their window.
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
): void {
  const sums = node.scratch;
  const ring = node.xRows;
  for (let r = row; r < row + rows; r++) {
    const top = r * strideRows - paddingRows;
    const firstRow = max(0, -top);
    const lastRow = min(kernelRows, height - top);
    const firstSlot = <u32>(top + firstRow) % ring;
    let y = rowAt(node.y, node.yRows, columns * channels * sizeof<Y>(), r);
    let x1 = residual ? rowAt(node.x1, node.x1Rows, columns * channels * sizeof<R>(), r) : 0;
    for (let c = 0; c < columns; c++) {
      const left = c * strideColumns - paddingColumns;
      const firstColumn = max(0, -left);
      const lastColumn = min(kernelColumns, width - left);
      let ch = 0;
      for (; ch < (channels & ~15); ch += 16) {
        let a = i16x8.splat(0);
        let b = i16x8.splat(0);
        let slot = firstSlot;
        for (let i = firstRow; i < lastRow; i++) {
          let x = node.x + (slot * width + left + firstColumn) * channels + ch;
          let w = node.weights + ((i * kernelColumns + firstColumn) * channels + ch) * 2;
          for (let j = firstColumn; j < lastColumn; j++) {
            a = i16x8.add(a, i16x8.mul(v128.load_ext<u8>(x), v128.load(w)));
            b = i16x8.add(b, i16x8.mul(v128.load_ext<u8>(x, 8), v128.load(w, 16)));
            x += channels;
            w += channels * 2;
          }
          if (++slot == ring) slot = 0;
        }
        v128.store(sums + (<usize>ch << 1), a);
        v128.store(sums + (<usize>ch << 1), b, 16);
      }
      if (channels & 15) {
        for (; ch < channels; ch++) {
          let sum = 0;
          let slot = firstSlot;
          for (let i = firstRow; i < lastRow; i++) {
            let x = node.x + (slot * width + left + firstColumn) * channels + ch;
            let w = node.weights + ((i * kernelColumns + firstColumn) * channels + ch) * 2;
            for (let j = firstColumn; j < lastColumn; j++) {
              sum += <i32>load<u8>(x) * <i32>load<i16>(w);
              x += channels;
              w += channels * 2;
            }
            if (++slot == ring) slot = 0;
          }
          store<i16>(sums + (<usize>ch << 1), <i16>sum);
        }
      }
      if (end == End.Fire) fireRun<i16, T>(sums, y, channels, node.thresholds, stride, levels);
      else scaleRun<i16, R, Y>(node, sums, y, x1, 0, channels, residual);
      y += channels * sizeof<Y>();
      if (residual) x1 += channels * sizeof<R>();
    }
  }
}
