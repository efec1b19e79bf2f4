import { placeBytes, valueAt } from './counts';
import { fireRun, scaleRun } from './ends';
import { Node, rowAt } from './node';
import { End } from './scalar';
import { clear } from './sum';

/** Channels whose rows are paired at a time, and places whose sums are in registers. */
const GROUP: i32 = 4;
const PLACES: i32 = 8;

/**
 * Writes a row of GROUP channels as pairs, [channel][words]: the word of a column holds its count and that of the
 * column `step` to the right in the upper half, where the next place of the output finds it. So one multiplication by a
 * weight serves two places. Column 0 of the map is word `first`; all else stays zero.
 */
function pairRow(
  x: usize, to: usize, columns: i32, channels: i32, channel: i32, words: i32, first: i32, step: i32, packed: bool,
): void {
  const place = placeBytes<u8>(channels, packed);
  const rowBytes = words << 2;
  const apart = (step << 2) - 2;
  const left = channels - channel;
  let low = to + (first << 2);
  if (!packed && (channels & 3) == 0) {
    x += channel;
    for (const end = x + columns * place; x < end; x += place) {
      const counts = load<u32>(x);
      let at = low;
      store<u16>(at, <u16>(counts & 255));
      store<u16>(at - apart, <u16>(counts & 255));
      at += rowBytes;
      store<u16>(at, <u16>((counts >> 8) & 255));
      store<u16>(at - apart, <u16>((counts >> 8) & 255));
      at += rowBytes;
      store<u16>(at, <u16>((counts >> 16) & 255));
      store<u16>(at - apart, <u16>((counts >> 16) & 255));
      at += rowBytes;
      store<u16>(at, <u16>(counts >> 24));
      store<u16>(at - apart, <u16>(counts >> 24));
      low += 4;
    }
    return;
  }
  for (const end = x + columns * place; x < end; x += place) {
    let at = low;
    for (let k = 0; k < GROUP; k++) {
      const count = k < left ? valueAt<u8>(x, channel + k, packed) : 0;
      store<u16>(at, <u16>count);
      store<u16>(at - apart, <u16>count);
      at += rowBytes;
    }
    low += 4;
  }
}

/** Stores the sums of two neighbouring places, GROUP values apart. */
@inline
function storeTwo(to: usize, sums: i32): void {
  const first = <i32>(<i16>sums);
  store<i16>(to, <i16>first);
  store<i16>(to, <i16>((sums - first) >> 16), 8);
}

/**
 * A band of rows of a depthwise `accumulate` on spikes whose sums provably fit 16 bits. W, R, Y, T: types of weights,
 * residual, output and thresholds. Weights are W [kernel row][kernel column][channel]. Four channels at a time: the
 * rows under the windows are paired (pairRow) in `words` words each, then sums of eight places are in four registers.
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
  words: i32,
  end: End,
  levels: i32,
  stride: i32,
  residual: bool,
  inputPacked: bool,
  packed: bool,
): void {
  const sums = node.scratch;
  const window = sums + PLACES * GROUP * 2;
  const slotBytes = GROUP * words * 4;
  const yPlace = placeBytes<Y>(channels, packed);
  // Columns beyond the last window are not read, and their pairs would lie beyond the row.
  const paired = min(width, words - strideColumns - paddingColumns);
  clear<i32>(window, kernelRows * GROUP * words);
  for (let ch = 0; ch < channels; ch += GROUP) {
    const group = channels & 3 ? min(GROUP, channels - ch) : GROUP;
    let next = max(0, row * strideRows - paddingRows);
    for (let r = row; r < row + rows; r++) {
      const top = r * strideRows - paddingRows;
      const firstRow = max(0, -top);
      const lastRow = min(kernelRows, height - top);
      next = max(next, top + firstRow);
      for (; next < top + lastRow; next++)
        pairRow(
          rowAt(node.x, node.xRows, width * placeBytes<u8>(channels, inputPacked), next),
          window + (next % kernelRows) * slotBytes,
          paired, channels, ch, words, strideColumns + paddingColumns, strideColumns, inputPacked,
        );
      let y = rowAt(node.y, node.yRows, columns * yPlace, r) + placeBytes<Y>(ch, packed);
      let x1 = residual ? rowAt(node.x1, node.x1Rows, columns * channels * sizeof<R>(), r) + ch * sizeof<R>() : 0;
      for (let c = 0; c < columns; c += PLACES) {
        for (let k = 0; k < group; k++) {
          let a = 0;
          let b = 0;
          let d = 0;
          let e = 0;
          let slot = (top + firstRow) % kernelRows;
          let w = node.weights + (firstRow * kernelColumns * channels + ch + k) * sizeof<W>();
          for (let i = firstRow; i < lastRow; i++) {
            let x = window + slot * slotBytes + ((k * words + (c + 1) * strideColumns) << 2);
            for (const stop = x + (kernelColumns << 2); x < stop; x += 4) {
              const weight = <i32>load<W>(w);
              a += load<i32>(x) * weight;
              b += load<i32>(x + strideColumns * 8) * weight;
              d += load<i32>(x + strideColumns * 16) * weight;
              e += load<i32>(x + strideColumns * 24) * weight;
              w += channels * sizeof<W>();
            }
            if (++slot == kernelRows) slot = 0;
          }
          const to = sums + (k << 1);
          storeTwo(to, a);
          storeTwo(to + 16, b);
          storeTwo(to + 32, d);
          storeTwo(to + 48, e);
        }
        let from = sums;
        for (let left = min(PLACES, columns - c); left > 0; left--) {
          if (end == End.Fire)
            fireRun<i16, T>(from, y, group, node.thresholds + ch * sizeof<T>(), stride, levels, packed);
          else
            scaleRun<i16, R, Y>(
              node.multiplier + (ch << 2), node.bias + (ch << 2), node.shift, from, y, x1, group, residual,
            );
          from += GROUP * 2;
          y += yPlace;
          if (residual) x1 += channels * sizeof<R>();
        }
      }
    }
  }
}
