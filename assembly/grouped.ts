import { placeBytes, valueAt } from './counts';
import { fireRun, scaleRun } from './ends';
import { Node, rowAt } from './node';
import { End } from './scalar';
import { addScaled, clear } from './sum';

/**
 * A band of rows of any `accumulate` (models/ops/accumulate.ts), without vectors: for groups, which no other
 * kernel supports, and for pixels in the swar tier. X, R, Y, T: types of input, residual, output and
 * thresholds. All parameters after `rows` are constants. Weights are i8 [kernel row][kernel column][input
 * channel][output of its group].
 */
@inline
export function grouped<X, R, Y, T>(
  node: Node, row: i32, rows: i32,
  height: i32, width: i32, channels: i32,
  columns: i32, out: i32,
  kernelRows: i32, kernelColumns: i32, strideRows: i32, strideColumns: i32, paddingRows: i32, paddingColumns: i32,
  groups: i32,
  end: End, levels: i32, stride: i32, residual: bool, inputPacked: bool, packed: bool,
): void {
  const sums = node.scratch;
  for (let r = row; r < row + rows; r++) {
    const top = r * strideRows - paddingRows;
    const firstRow = max(0, -top);
    const lastRow = min(kernelRows, height - top);
    let y = rowAt(node.y, node.yRows, columns * placeBytes<Y>(out, packed), r);
    let x1 = residual ? rowAt(node.x1, node.x1Rows, columns * out * sizeof<R>(), r) : 0;
    for (let c = 0; c < columns; c++) {
      const left = c * strideColumns - paddingColumns;
      const firstColumn = max(0, -left);
      const lastColumn = min(kernelColumns, width - left);
      const slot = <u32>(top + firstRow) % node.xRows;
      const x = node.x + left * placeBytes<X>(channels, inputPacked);
      if (groups == 1)
        dense<X>(node, sums, x, slot, width, channels, out, kernelColumns, firstRow, lastRow, firstColumn, lastColumn);
      else
        sparse<X>(
          node, sums, x, slot, width, channels, out, kernelColumns, groups, inputPacked, firstRow,
          lastRow, firstColumn, lastColumn,
        );
      if (end == End.Fire) fireRun<i32, T>(sums, y, out, node.thresholds, stride, levels, packed);
      else scaleRun<i32, R, Y>(node.multiplier, node.bias, node.shift, sums, y, x1, out, residual);
      y += placeBytes<Y>(out, packed);
      if (residual) x1 += out * sizeof<R>();
    }
  }
}

/** Sums without groups: four outputs stay in registers over a window, whose rows are runs of inputs. */
@inline
function dense<X>(
  node: Node, sums: usize, x: usize, firstSlot: u32, width: i32, channels: i32, out: i32, kernelColumns: i32,
  firstRow: i32, lastRow: i32, firstColumn: i32, lastColumn: i32,
): void {
  const run = (lastColumn - firstColumn) * channels * sizeof<X>();
  for (let o = 0; o < out; o += 4) {
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    let slot = firstSlot;
    for (let i = firstRow; i < lastRow; i++) {
      let at = x + (slot * width + firstColumn) * channels * sizeof<X>();
      let w = node.weights + (i * kernelColumns + firstColumn) * channels * out + o;
      // Past the last output these are other weights; their sums are overwritten or never read.
      for (const stop = at + run; at < stop; at += sizeof<X>()) {
        const value = <i32>load<X>(at);
        a += value * <i32>load<i8>(w);
        b += value * <i32>load<i8>(w, 1);
        c += value * <i32>load<i8>(w, 2);
        d += value * <i32>load<i8>(w, 3);
        w += out;
      }
      if (++slot == node.xRows) slot = 0;
    }
    const to = sums + (<usize>o << 2);
    store<i32>(to, a);
    store<i32>(to, b, 4);
    store<i32>(to, c, 8);
    store<i32>(to, d, 12);
  }
}

/** Sums with groups: each nonzero input adds its weights to the outputs of its group. */
@inline
function sparse<X>(
  node: Node, sums: usize, x: usize, slot: u32, width: i32, channels: i32, out: i32, kernelColumns: i32, groups: i32,
  packed: bool, firstRow: i32, lastRow: i32, firstColumn: i32, lastColumn: i32,
): void {
  const place = placeBytes<X>(channels, packed);
  const outputs = out / groups;
  clear<i32>(sums, out);
  for (let i = firstRow; i < lastRow; i++) {
    let at = x + (slot * width + firstColumn) * place;
    let weights = node.weights + (i * kernelColumns + firstColumn) * channels * outputs;
    for (let j = firstColumn; j < lastColumn; j++) {
      let channel = 0;
      for (let g = 0; g < out; g += outputs)
        for (let ci = 0; ci < channels / groups; ci++) {
          const value = valueAt<X>(at, channel++, packed);
          if (value) addScaled<i32, i8>(sums + (<usize>g << 2), weights, value, outputs);
          weights += outputs;
        }
      at += place;
    }
    if (++slot == node.xRows) slot = 0;
  }
}
