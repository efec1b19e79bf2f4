import { placeBytes } from './counts';
import { fireRun, scaleRun } from './ends';
import { Node, rowAt } from './node';
import { End } from './scalar';
import { clear } from './sum';

/** Copies a row of i8 pixels to i16, with zero padding on both sides. */
function widen(x: usize, to: usize, values: i32, padding: i32): void {
  clear<i16>(to, padding);
  to += <usize>padding << 1;
  for (; values >= 8; values -= 8) {
    v128.store(to, v128.load_ext<i8>(x));
    x += 8;
    to += 16;
  }
  for (; values > 0; values--) {
    store<i16>(to, load<i8>(x++));
    to += 2;
  }
  clear<i16>(to, padding);
}

/**
 * A band of rows of `accumulate` on pixels, which are dense: products of pairs of inputs, four outputs per
 * vector; eight outputs of four neighbouring positions stay in registers over a window. R, Y, T: types of
 * residual, output and thresholds. Weights are i16 [8 outputs][kernel row][pair of (column,
 * channel)][output][2], `pairs` per row.
 */
@inline
export function pixels<R, Y, T>(
  node: Node, row: i32, rows: i32,
  height: i32, width: i32, channels: i32,
  columns: i32, out: i32,
  kernelRows: i32, strideRows: i32, strideColumns: i32, paddingRows: i32, paddingColumns: i32,
  windowRows: i32, rowBytes: i32, pairs: i32,
  end: End, levels: i32, stride: i32, residual: bool, packed: bool,
): void {
  const padded = (out + 7) & ~7;
  const sums = node.scratch;
  const window = sums + <usize>(padded * 16);
  const step = strideColumns * channels * 2;
  let widened = max(0, row * strideRows - paddingRows);
  for (let r = row; r < row + rows; r++) {
    const top = r * strideRows - paddingRows;
    const firstRow = max(0, -top);
    const lastRow = min(kernelRows, height - top);
    widened = max(widened, top + firstRow);
    for (; widened < top + lastRow; widened++)
      widen(
        rowAt(node.x, node.xRows, width * channels, widened),
        window + <usize>((widened % windowRows) * rowBytes),
        width * channels,
        paddingColumns * channels,
      );
    let y = rowAt(node.y, node.yRows, columns * placeBytes<Y>(out, packed), r);
    let x1 = residual ? rowAt(node.x1, node.x1Rows, columns * out * sizeof<R>(), r) : 0;
    for (let c = 0; c < columns; c += 4) {
      for (let o = 0; o < padded; o += 8) {
        let a0 = i32x4.splat(0);
        let a1 = i32x4.splat(0);
        let b0 = i32x4.splat(0);
        let b1 = i32x4.splat(0);
        let c0 = i32x4.splat(0);
        let c1 = i32x4.splat(0);
        let d0 = i32x4.splat(0);
        let d1 = i32x4.splat(0);
        let slot = (top + firstRow) % windowRows;
        let w = node.weights + <usize>((o * kernelRows + firstRow * 8) * pairs * 4);
        for (let i = firstRow; i < lastRow; i++) {
          let x = window + <usize>(slot * rowBytes + c * step);
          for (const rowEnd = x + (pairs << 2); x < rowEnd; x += 4) {
            const w0 = v128.load(w);
            const w1 = v128.load(w, 16);
            const a = v128.load_splat<u32>(x);
            const b = v128.load_splat<u32>(x + step);
            const e = v128.load_splat<u32>(x + 2 * step);
            const d = v128.load_splat<u32>(x + 3 * step);
            a0 = i32x4.add(a0, i32x4.dot_i16x8_s(a, w0));
            a1 = i32x4.add(a1, i32x4.dot_i16x8_s(a, w1));
            b0 = i32x4.add(b0, i32x4.dot_i16x8_s(b, w0));
            b1 = i32x4.add(b1, i32x4.dot_i16x8_s(b, w1));
            c0 = i32x4.add(c0, i32x4.dot_i16x8_s(e, w0));
            c1 = i32x4.add(c1, i32x4.dot_i16x8_s(e, w1));
            d0 = i32x4.add(d0, i32x4.dot_i16x8_s(d, w0));
            d1 = i32x4.add(d1, i32x4.dot_i16x8_s(d, w1));
            w += 32;
          }
          if (++slot == windowRows) slot = 0;
        }
        const to = sums + (<usize>o << 2);
        v128.store(to, a0);
        v128.store(to, a1, 16);
        v128.store(to + padded * 4, b0);
        v128.store(to + padded * 4, b1, 16);
        v128.store(to + padded * 8, c0);
        v128.store(to + padded * 8, c1, 16);
        v128.store(to + padded * 12, d0);
        v128.store(to + padded * 12, d1, 16);
      }
      const places = min(4, columns - c);
      for (let k = 0; k < places; k++) {
        const from = sums + <usize>(k * padded * 4);
        if (end == End.Fire) fireRun<i32, T>(from, y, out, node.thresholds, stride, levels, packed);
        else scaleRun<i32, R, Y>(node.multiplier, node.bias, node.shift, from, y, x1, out, residual);
        y += placeBytes<Y>(out, packed);
        if (residual) x1 += out * sizeof<R>();
      }
    }
  }
}
