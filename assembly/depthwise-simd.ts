import { placeBytes } from './counts';
import { fireRun, scaleRun } from './ends';
import { Node, rowAt } from './node';
import { End } from './scalar';

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
  packed: bool,
): void {
  const sums = node.scratch;
  const ring = node.xRows;
  const next = strideColumns * channels;
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
      const places = c + 4 <= columns && inside ? 4 : 1;
      let ch = 0;
      if (places == 4) {
        for (; ch < (channels & ~7); ch += 8) {
          let a = i16x8.splat(0);
          let b = i16x8.splat(0);
          let d = i16x8.splat(0);
          let e = i16x8.splat(0);
          let slot = firstSlot;
          let w = node.weights + (firstRow * kernelColumns * channels + ch) * 2;
          for (let i = firstRow; i < lastRow; i++) {
            let x = node.x + (slot * width + left) * channels + ch;
            for (let j = 0; j < kernelColumns; j++) {
              const weights = v128.load(w);
              a = i16x8.add(a, i16x8.mul(v128.load_ext<u8>(x), weights));
              b = i16x8.add(b, i16x8.mul(v128.load_ext<u8>(x + next), weights));
              d = i16x8.add(d, i16x8.mul(v128.load_ext<u8>(x + 2 * next), weights));
              e = i16x8.add(e, i16x8.mul(v128.load_ext<u8>(x + 3 * next), weights));
              x += channels;
              w += channels * 2;
            }
            if (++slot == ring) slot = 0;
          }
          const to = sums + (<usize>ch << 1);
          v128.store(to, a);
          v128.store(to + channels * 2, b);
          v128.store(to + channels * 4, d);
          v128.store(to + channels * 6, e);
        }
      } else {
        for (; ch < (channels & ~7); ch += 8) {
          let a = i16x8.splat(0);
          let slot = firstSlot;
          for (let i = firstRow; i < lastRow; i++) {
            let x = node.x + (slot * width + left + firstColumn) * channels + ch;
            let w = node.weights + ((i * kernelColumns + firstColumn) * channels + ch) * 2;
            for (let j = firstColumn; j < lastColumn; j++) {
              a = i16x8.add(a, i16x8.mul(v128.load_ext<u8>(x), v128.load(w)));
              x += channels;
              w += channels * 2;
            }
            if (++slot == ring) slot = 0;
          }
          v128.store(sums + (<usize>ch << 1), a);
        }
      }
      if (channels & 7) {
        for (let place = 0; place < places; place++)
          for (let rest = ch; rest < channels; rest++) {
            let sum = 0;
            let slot = firstSlot;
            for (let i = firstRow; i < lastRow; i++) {
              let x = node.x + (slot * width + left + firstColumn) * channels + place * next + rest;
              let w = node.weights + ((i * kernelColumns + firstColumn) * channels + rest) * 2;
              for (let j = firstColumn; j < lastColumn; j++) {
                sum += <i32>load<u8>(x) * <i32>load<i16>(w);
                x += channels;
                w += channels * 2;
              }
              if (++slot == ring) slot = 0;
            }
            store<i16>(sums + <usize>((place * channels + rest) << 1), <i16>sum);
          }
      }
      for (let place = 0; place < places; place++) {
        const from = sums + <usize>(place * channels * 2);
        if (end == End.Fire) fireRun<i16, T>(from, y, channels, node.thresholds, stride, levels, packed);
        else scaleRun<i16, R, Y>(node.multiplier, node.bias, node.shift, from, y, x1, channels, residual);
        y += placeBytes<Y>(channels, packed);
        if (residual) x1 += channels * sizeof<R>();
      }
      c += places;
    }
  }
}
