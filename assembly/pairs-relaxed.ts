import { placeBytes } from './counts';
import { finishTile } from './finish';
import { windowRow } from './gather';
import { PAIR } from './lanes';
import { COMPACTION, Node, rowAt } from './node';
import { End } from './scalar';
import { clear } from './sum';

/**
 * Lists the pairs of neighbouring inputs of a row that are not both zero, by pair index; `depth`, the inputs
 * per column, is even. `table` [column + 1] gets the address where each column begins.
 */
function extractPairs<E>(x: usize, columns: i32, depth: i32, table: usize, entries: usize): void {
  let index = 0;
  for (let c = 0; c < columns; c++) {
    store<u32>(table, entries);
    table += 4;
    let left = depth;
    for (; left >= 16; left -= 16) {
      const mask = i16x8.bitmask(i16x8.ne(v128.load(x), i16x8.splat(0)));
      const bits = v128.load_ext<u8>(COMPACTION + (<usize>mask << 3));
      if (sizeof<E>() == 2) v128.store(entries, i16x8.add(bits, i16x8.splat(<i16>index)));
      else {
        v128.store(entries, i32x4.add(i32x4.extend_low_i16x8_u(bits), i32x4.splat(index)));
        v128.store(entries, i32x4.add(i32x4.extend_high_i16x8_u(bits), i32x4.splat(index)), 16);
      }
      entries += <usize>popcnt(mask) * sizeof<E>();
      x += 16;
      index += 8;
    }
    for (; left > 0; left -= 2) {
      store<E>(entries, <E>(index++));
      entries += <usize>(load<u16>(x) != 0) * sizeof<E>();
      x += 2;
    }
  }
  store<u32>(table, entries);
}

/**
 * The products of a pair of counts with the weights of eight outputs at `w`. Counts have 4 bits, so no sum
 * saturates.
 */
@inline
function dot(w: usize, counts: v128): v128 {
  return i16x8.relaxed_dot_i8x16_i7x16_s(v128.load(w), counts);
}

/** Adds eight 16-bit sums to the 32-bit sums at `to`. */
@inline
function addWide(to: usize, sums: v128): void {
  v128.store(to, i32x4.add(v128.load(to), i32x4.extend_low_i16x8_s(sums)));
  v128.store(to, i32x4.add(v128.load(to, 16), i32x4.extend_high_i16x8_s(sums)), 16);
}

/**
 * A band of rows of `accumulate` on spikes, as in events-simd.ts, for layers whose inputs are mostly nonzero:
 * pairs of neighbouring inputs are listed once, whatever their counts, and a pair adds its two products to
 * eight outputs in two instructions. Weights are i8 [kernel column][kernel row][pair of inputs][output of the
 * tile][2], `channels` times `kernelRows` is even, and sums are added to 32-bit sums after `most` pairs,
 * which cannot overflow 16 bits (0: never). A tile is 1 to 3 pairs of vectors.
 */
@inline
export function pairs<E, S, R, Y, T>(
  node: Node, row: i32, rows: i32,
  height: i32, width: i32, channels: i32,
  columns: i32, out: i32,
  kernelRows: i32, kernelColumns: i32, strideRows: i32, strideColumns: i32, paddingRows: i32, paddingColumns: i32,
  tableBytes: i32, streamBytes: i32, chunk: i32,
  pairs: i32, most: i32,
  blockBytes: i32, begin: i32, count: i32,
  end: End, levels: i32, residual: bool, inputPacked: bool, packed: bool,
): void {
  const sums = node.scratch;
  const table = sums + 256;
  const outputs = pairs * PAIR;
  // Number of vectors of sums with any output.
  const vectors = out < outputs ? (out + 7) >> 3 : pairs * 2;
  const depth = channels * kernelRows;
  const place = placeBytes<Y>(out, packed);
  for (let r = row; r < row + rows; r++) {
    const top = r * strideRows - paddingRows;
    const y = rowAt(node.y, node.yRows, columns * place, r);
    const x1 = residual ? rowAt(node.x1, node.x1Rows, columns * out * sizeof<R>(), r) : 0;
    for (let chunkBegin = 0; chunkBegin < columns; chunkBegin += chunk) {
      const chunkEnd = chunk < columns ? min(columns, chunkBegin + chunk) : columns;
      // The input columns under these windows.
      const from = chunk < columns ? max(0, chunkBegin * strideColumns - paddingColumns) : 0;
      const until =
        chunk < columns ? min(width, (chunkEnd - 1) * strideColumns - paddingColumns + kernelColumns) : width;
      const held = until - from;
      const x = windowRow(
        node, top, kernelRows, height, width, channels, from, held, inputPacked, table + streamBytes,
      );
      extractPairs<E>(x, held, depth, table, table + tableBytes);
      for (let tile = 0; tile < count; tile++) {
        const block = <usize>(tile * blockBytes);
        const first = (begin + tile) * outputs;
        const n = out % outputs == 0 ? outputs : min(outputs, out - first);
        for (let c = chunkBegin; c < chunkEnd; c++) {
          const left = c * strideColumns - paddingColumns - from;
          let entry: usize = load<u32>(table + (<usize>max(0, left) << 2));
          const stop: usize = load<u32>(table + (<usize>min(held, left + kernelColumns) << 2));
          // Entries are relative to the start of the row, weights to the left edge of the window.
          const base = node.weights + block - <usize>(left * depth * outputs);
          let a = i16x8.splat(0);
          let b = a;
          let d = a;
          let e = a;
          let f = a;
          let g = a;
          if (most) clear<i32>(sums, outputs);
          do {
            const pause = most ? min(stop, entry + most * sizeof<E>()) : stop;
            for (; entry < pause; entry += sizeof<E>()) {
              const pair = <usize>load<E>(entry);
              const counts = v128.load16_splat(x + (pair << 1));
              const w = base + pair * <usize>(2 * outputs);
              a = i16x8.add(a, dot(w, counts));
              if (vectors > 1) b = i16x8.add(b, dot(w + 16, counts));
              if (vectors > 2) d = i16x8.add(d, dot(w + 32, counts));
              if (vectors > 3) e = i16x8.add(e, dot(w + 48, counts));
              if (vectors > 4) f = i16x8.add(f, dot(w + 64, counts));
              if (vectors > 5) g = i16x8.add(g, dot(w + 80, counts));
            }
            if (most) {
              addWide(sums, a);
              if (vectors > 1) addWide(sums + 32, b);
              if (vectors > 2) addWide(sums + 64, d);
              if (vectors > 3) addWide(sums + 96, e);
              if (vectors > 4) addWide(sums + 128, f);
              if (vectors > 5) addWide(sums + 160, g);
              a = b = d = e = f = g = i16x8.splat(0);
            }
          } while (most && entry < stop);
          if (!most) {
            v128.store(sums, a);
            if (vectors > 1) v128.store(sums, b, 16);
            if (vectors > 2) v128.store(sums, d, 32);
            if (vectors > 3) v128.store(sums, e, 48);
            if (vectors > 4) v128.store(sums, f, 64);
            if (vectors > 5) v128.store(sums, g, 80);
          }
          finishTile<S, R, Y, T>(
            node, sums, y, x1, c, out, first, n, block, outputs, end, levels, residual, packed,
          );
        }
      }
    }
  }
}
