import { End, fire, scale } from './ends';
import { Node, rowAt } from './node';
import { addScaled, clear } from './sum';

/**
 * A band of rows of `accumulate` (models/ops/accumulate.ts). X, R, Y, T: types of input, residual, output and
 * thresholds.
 * All that follows `rows` is constant. Weights are i8 [kernel row][kernel column][input channel][output of its group].
 */
@inline
export function accumulate<X, R, Y, T>(
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
  residual: bool,
  saturate: bool,
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
      if (groups == channels && out == channels && channels > 1) {
        depthwise<X>(
          node, sums, slot, width, channels, kernelColumns, left,
          firstRow, lastRow, firstColumn, lastColumn,
        );
      } else {
        clear(sums, out);
        for (let i = firstRow; i < lastRow; i++) {
          const x = node.x + (slot * width + left + firstColumn) * channels * sizeof<X>();
          const weights = node.weights + (i * kernelColumns + firstColumn) * channels * (out / groups);
          events<X>(sums, x, weights, lastColumn - firstColumn, channels, out, groups);
          if (++slot == node.xRows) slot = 0;
        }
      }
      if (end == End.Fire) fire<T>(sums, y, out, node.thresholds, levels, false);
      else scale<R, Y>(node, sums, y, out, x1, residual, saturate);
      y += out * sizeof<Y>();
      if (residual) x1 += out * sizeof<R>();
    }
  }
}

/** Adds the weights of every non-zero input in one row of the kernel: its columns and channels lie in one run. */
@inline
function events<X>(
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
      if (value) addScaled<i8>(sums, weights, value, out);
      weights += out;
    }
  } else {
    for (const end = x + positions * channels * sizeof<X>(); x < end; ) {
      for (let g = 0; g < out; g += outputs)
        for (let ci = 0; ci < channels / groups; ci++) {
          const value = <i32>load<X>(x);
          if (value) addScaled<i8>(sums + (<usize>g << 2), weights, value, outputs);
          x += sizeof<X>();
          weights += outputs;
        }
    }
  }
}

/** sums[ch] over the window of each channel by itself; four channels at a time. */
@inline
function depthwise<X>(
  node: Node,
  sums: usize,
  firstSlot: u32,
  width: i32,
  channels: i32,
  kernelColumns: i32,
  left: i32,
  firstRow: i32,
  lastRow: i32,
  firstColumn: i32,
  lastColumn: i32,
): void {
  const ring = node.xRows;
  let ch = 0;
  for (; ch < (channels & ~3); ch += 4) {
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    let slot = firstSlot;
    for (let i = firstRow; i < lastRow; i++) {
      let x = node.x + ((slot * width + left + firstColumn) * channels + ch) * sizeof<X>();
      let w = node.weights + (i * kernelColumns + firstColumn) * channels + ch;
      for (let j = firstColumn; j < lastColumn; j++) {
        a += <i32>load<X>(x) * <i32>load<i8>(w);
        b += <i32>load<X>(x + sizeof<X>()) * <i32>load<i8>(w + 1);
        c += <i32>load<X>(x + 2 * sizeof<X>()) * <i32>load<i8>(w + 2);
        d += <i32>load<X>(x + 3 * sizeof<X>()) * <i32>load<i8>(w + 3);
        x += channels * sizeof<X>();
        w += channels;
      }
      if (++slot == ring) slot = 0;
    }
    const to = sums + (<usize>ch << 2);
    store<i32>(to, a);
    store<i32>(to + 4, b);
    store<i32>(to + 8, c);
    store<i32>(to + 12, d);
  }
  if (channels & 3) {
    for (; ch < channels; ch++) {
      let sum = 0;
      let slot = firstSlot;
      for (let i = firstRow; i < lastRow; i++) {
        let x = node.x + ((slot * width + left + firstColumn) * channels + ch) * sizeof<X>();
        let w = node.weights + (i * kernelColumns + firstColumn) * channels + ch;
        for (let j = firstColumn; j < lastColumn; j++) {
          sum += <i32>load<X>(x) * <i32>load<i8>(w);
          x += channels * sizeof<X>();
          w += channels;
        }
        if (++slot == ring) slot = 0;
      }
      store<i32>(sums + (<usize>ch << 2), sum);
    }
  }
}
