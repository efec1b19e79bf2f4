import { eightAt, placeBytes, valueAt } from './counts';
import { fireRun, scaleRun } from './ends';
import { Node, rowAt } from './node';
import { End } from './scalar';

/**
 * A band of rows of a depthwise `accumulate` on spikes. W, R, Y, T: types of weights (16 bits), residual,
 * output and thresholds. Weights are W [kernel row][kernel column][channel]. Sums fit 16 bits; eight channels
 * of four positions stay in registers over their windows.
 */
@inline
export function depthwise<W, R, Y, T>(
  node: Node, row: i32, rows: i32,
  height: i32, width: i32, channels: i32,
  columns: i32,
  kernelRows: i32, kernelColumns: i32, strideRows: i32, strideColumns: i32, paddingRows: i32, paddingColumns: i32,
  end: End, levels: i32, stride: i32, residual: bool, inputPacked: bool, packed: bool,
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
      // Four positions whose windows are inside the map share the loads of the weights.
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
            let x = node.x + (slot * width + left) * place;
            // Each position next needs what its right neighbour has just used.
            let x0 = eightAt(x, ch, inputPacked);
            let x1 = eightAt(x + next, ch, inputPacked);
            let x2 = eightAt(x + 2 * next, ch, inputPacked);
            x += 3 * next;
            for (let j = 0; j < kernelColumns; j++) {
              const x3 = eightAt(x, ch, inputPacked);
              const weights = v128.load(w);
              a = i16x8.add(a, i16x8.mul(x0, weights));
              b = i16x8.add(b, i16x8.mul(x1, weights));
              d = i16x8.add(d, i16x8.mul(x2, weights));
              e = i16x8.add(e, i16x8.mul(x3, weights));
              x += place;
              w += channels * 2;
              if (strideColumns == 1) {
                x0 = x1;
                x1 = x2;
                x2 = x3;
              } else {
                x0 = eightAt(x - 3 * next, ch, inputPacked);
                x1 = eightAt(x - 2 * next, ch, inputPacked);
                x2 = eightAt(x - next, ch, inputPacked);
              }
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
            let x = node.x + (slot * width + left + firstColumn) * place;
            let w = node.weights + ((i * kernelColumns + firstColumn) * channels + ch) * 2;
            for (let j = firstColumn; j < lastColumn; j++) {
              a = i16x8.add(a, i16x8.mul(eightAt(x, ch, inputPacked), v128.load(w)));
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
                sum += valueAt<u8>(x, rest, inputPacked) * <i32>load<i16>(w);
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
