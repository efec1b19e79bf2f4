import { placeBytes } from './counts';
import { finishTile } from './finish';
import { CHUNK, Flush } from './flush';
import { windowRow } from './gather';
import { add, addSums, highBytes, Lanes, PAIR, storeSums, zero } from './lanes';
import { Node, rowAt } from './node';
import { End } from './scalar';
import { extract } from './streams';
import { clear } from './sum';

/**
 * The sums of one window for a tile of outputs: adds the `weights` of every listed input of its columns,
 * plane by plane, in registers, and stores them in `sums`. `left`: the window's first column, of `held`
 * listed columns.
 */
@inline
function addWindow<E, S>(
  sums: usize, streams: usize, weights: usize, left: i32, held: i32, kernelColumns: i32, depth: i32, planes: i32,
  pairs: i32, bits: i32, flush: Flush,
): void {
  const outputs = pairs * PAIR;
  const firstColumn = max(0, left);
  const lastColumn = min(held, left + kernelColumns);
  let whole0 = zero();
  let high0 = zero();
  let whole1 = zero();
  let high1 = zero();
  let whole2 = zero();
  let high2 = zero();
  let whole3 = zero();
  let high3 = zero();
  let added = 0;
  if (flush != Flush.Never) clear<i32>(sums, outputs);
  for (let plane = planes - 1; plane >= 0; plane--) {
    if (flush == Flush.Never || flush == Flush.Half) {
      whole0 = add(whole0, whole0);
      high0 = add(high0, high0);
      if (pairs > 1) whole1 = add(whole1, whole1);
      if (pairs > 1) high1 = add(high1, high1);
      if (pairs > 2) whole2 = add(whole2, whole2);
      if (pairs > 2) high2 = add(high2, high2);
      if (pairs > 3) whole3 = add(whole3, whole3);
      if (pairs > 3) high3 = add(high3, high3);
      added += added;
    }
    const table = streams + <usize>(plane * (held + 1) * 4);
    let entry: usize = load<u32>(table + (<usize>firstColumn << 2));
    const stop: usize = load<u32>(table + (<usize>lastColumn << 2));
    // Entries are relative to the start of the row, weights to the left edge of the window.
    const base = weights - <usize>(left * depth * outputs);
    do {
      const pause = flush == Flush.Chunk ? min(stop, entry + CHUNK * sizeof<E>()) : stop;
      added += <i32>((pause - entry) / sizeof<E>());
      for (; entry < pause; entry += sizeof<E>()) {
        const at = base + <usize>load<E>(entry) * <usize>outputs;
        const a = load<Lanes>(at);
        whole0 = add(whole0, a);
        high0 = add(high0, highBytes(a));
        if (pairs > 1) {
          const b = load<Lanes>(at, PAIR);
          whole1 = add(whole1, b);
          high1 = add(high1, highBytes(b));
        }
        if (pairs > 2) {
          const c = load<Lanes>(at, 2 * PAIR);
          whole2 = add(whole2, c);
          high2 = add(high2, highBytes(c));
        }
        if (pairs > 3) {
          const d = load<Lanes>(at, 3 * PAIR);
          whole3 = add(whole3, d);
          high3 = add(high3, highBytes(d));
        }
      }
      if (flush == Flush.Plane || flush == Flush.Chunk || (flush == Flush.Half && plane < 2)) {
        const bias = added << (bits - 1);
        addSums(sums, whole0, high0, bias, plane);
        if (pairs > 1) addSums(sums + PAIR * 4, whole1, high1, bias, plane);
        if (pairs > 2) addSums(sums + 2 * PAIR * 4, whole2, high2, bias, plane);
        if (pairs > 3) addSums(sums + 3 * PAIR * 4, whole3, high3, bias, plane);
        whole0 = high0 = zero();
        whole1 = high1 = zero();
        whole2 = high2 = zero();
        whole3 = high3 = zero();
        added = 0;
      }
    } while (flush == Flush.Chunk && entry < stop);
  }
  if (flush == Flush.Never) {
    const bias = added << (bits - 1);
    storeSums<S>(sums, whole0, high0, bias);
    if (pairs > 1) storeSums<S>(sums + PAIR * sizeof<S>(), whole1, high1, bias);
    if (pairs > 2) storeSums<S>(sums + 2 * PAIR * sizeof<S>(), whole2, high2, bias);
    if (pairs > 3) storeSums<S>(sums + 3 * PAIR * sizeof<S>(), whole3, high3, bias);
  }
}

/**
 * A band of rows of `accumulate` on spikes (models/ops/accumulate.ts): the rows under a row of windows become
 * streams once, then every tile of outputs adds the weights of the listed inputs, with sums in registers over
 * a whole window, whose spikes of one plane are a single run. E, S, R, Y, T: types of stream entries, sums,
 * residual, output and thresholds. All parameters after `rows` are constants. A tile is `pairs` (1 to 4) of
 * lanes; weights are bytes w + 2^(bits - 1), [kernel column][kernel row][input][pairs * PAIR]. A tile's
 * constants are contiguous, `blockBytes` from one tile to the next. The node's constants start with tile
 * `begin`, and `count` tiles are computed. The streams hold the inputs of `chunk` output columns at once.
 * `inputPacked`, `packed`: counts are read and written in 4 bits.
 */
@inline
export function events<E, S, R, Y, T>(
  node: Node, row: i32, rows: i32,
  height: i32, width: i32, channels: i32,
  columns: i32, out: i32,
  kernelRows: i32, kernelColumns: i32, strideRows: i32, strideColumns: i32, paddingRows: i32, paddingColumns: i32,
  planes: i32, tableBytes: i32, streamBytes: i32, chunk: i32,
  pairs: i32, bits: i32, flush: Flush,
  blockBytes: i32, begin: i32, count: i32,
  end: End, levels: i32, residual: bool, inputPacked: bool, packed: bool,
): void {
  const sums = node.scratch;
  const streams = sums + 256;
  const outputs = pairs * PAIR;
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
        node, top, kernelRows, height, width, channels, from, held, inputPacked, streams + streamBytes,
      );
      extract<E>(x, held, depth, planes, streams, streams + tableBytes);
      for (let tile = 0; tile < count; tile++) {
        const block = <usize>(tile * blockBytes);
        const weights = node.weights + block;
        const first = (begin + tile) * outputs;
        const n = out % outputs == 0 ? outputs : min(outputs, out - first);
        for (let c = chunkBegin; c < chunkEnd; c++) {
          const left = c * strideColumns - paddingColumns - from;
          addWindow<E, S>(sums, streams, weights, left, held, kernelColumns, depth, planes, pairs, bits, flush);
          finishTile<S, R, Y, T>(
            node, sums, y, x1, c, out, first, n, block, outputs, end, levels, residual, packed,
          );
        }
      }
    }
  }
}
