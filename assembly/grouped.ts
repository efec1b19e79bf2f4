import { fireRun, scaleRun } from './ends';
import { Node, rowAt } from './node';
import { End } from './scalar';
import { addScaled, clear } from './sum';

/**
 * A band of rows of `accumulate` in any form (models/ops/accumulate.ts), without vectors: for groups, which no other
 * kernel takes, and in the swar tier for pixels. X, R, Y, T: types of input, residual, output and thresholds.
 * All that follows `rows` is constant. Weights are i8 [kernel row][kernel column][input channel][output of its group].
 */
@inline
export function grouped<X, R, Y, T>(
  node: Node,
  row: i32,
  rows: i32,
  height: i32,
  width: i32,
  channels: i32,
  columns: i32,
  out: i32,
  kernelRows: i32,
  kernelColumns: i32,
  strideRows: i32,
  strideColumns: i32,
  paddingRows: i32,
  paddingColumns: i32,
  groups: i32,
  end: End,
  levels: i32,
  stride: i32,
  residual: bool,
): void {
  const sums = node.scratch;
  for (let r = row; r < row + rows; r++) {
    const top = r * strideRows - paddingRows;
    const firstRow = max(0, -top);
    const lastRow = min(kernelRows, height - top);
    let y = rowAt(node.y, node.yRows, columns * out * sizeof<Y>(), r);
    let x1 = residual ? rowAt(node.x1, node.x1Rows, columns * out * sizeof<R>(), r) : 0;
    for (let c = 0; c < columns; c++) {
      const left = c * strideColumns - paddingColumns;
      const firstColumn = max(0, -left);
      const lastColumn = min(kernelColumns, width - left);
      let slot = <u32>(top + firstRow) % node.xRows;
      clear<i32>(sums, out);
      for (let i = firstRow; i < lastRow; i++) {
        const x = node.x + (slot * width + left + firstColumn) * channels * sizeof<X>();
        const weights = node.weights + (i * kernelColumns + firstColumn) * channels * (out / groups);
        products<X>(sums, x, weights, lastColumn - firstColumn, channels, out, groups);
        if (++slot == node.xRows) slot = 0;
      }
      if (end == End.Fire) fireRun<i32, T>(sums, y, out, node.thresholds, stride, levels);
      else scaleRun<i32, R, Y>(node, sums, y, x1, 0, out, residual);
      y += out * sizeof<Y>();
      if (residual) x1 += out * sizeof<R>();
    }
  }
}

/** Adds the weights of every non-zero input in one row of the kernel: its columns and channels lie in one run. */
@inline
function products<X>(
  sums: usize,
  x: usize,
  weights: usize,
  positions: i32,
  channels: i32,
  out: i32,
  groups: i32,
): void {
  const outputs = out / groups;
  if (groups == 1) {
    for (const end = x + positions * channels * sizeof<X>(); x < end; x += sizeof<X>()) {
      const value = <i32>load<X>(x);
      if (value) addScaled<i32, i8>(sums, weights, value, out);
      weights += out;
    }
  } else {
    for (const end = x + positions * channels * sizeof<X>(); x < end; ) {
      for (let g = 0; g < out; g += outputs)
        for (let ci = 0; ci < channels / groups; ci++) {
          const value = <i32>load<X>(x);
          if (value) addScaled<i32, i8>(sums + (<usize>g << 2), weights, value, outputs);
          x += sizeof<X>();
          weights += outputs;
        }
    }
  }
}
