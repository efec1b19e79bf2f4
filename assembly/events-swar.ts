import { placeBytes, rowCounts } from './counts';
import { finishTile } from './finish';
import { CHUNK, Flush } from './flush';
import { addHigh, addLow, PAIR, twice } from './lanes';
import { Node, rowAt } from './node';
import { End } from './scalar';
import { list, LISTED, listPlanes } from './streams';
import { clear } from './sum';
import { addSums, storeSums } from './sums';

/** Adds the sums of a tile, times 2^plane, to the 32-bit sums. */
@inline
function addTile(
  sums: usize, low0: u32, high0: u32, low1: u32, high1: u32, low2: u32, high2: u32, low3: u32, high3: u32, excess: i32,
  plane: i32, pairs: i32,
): void {
  addSums(sums, low0, high0, excess, plane);
  if (pairs > 1) addSums(sums + PAIR * 4, low1, high1, excess, plane);
  if (pairs > 2) addSums(sums + 2 * PAIR * 4, low2, high2, excess, plane);
  if (pairs > 3) addSums(sums + 3 * PAIR * 4, low3, high3, excess, plane);
}

/** Lists the spikes of input row `r`, in `heldColumns` columns, in the row's slot of the ring at `held`. */
@inline
function listRow<E>(
  node: Node, r: i32, held: usize, width: i32, channels: i32, from: i32, heldColumns: i32, planes: i32, lists: i32,
  heldRows: i32, tableBytes: i32, rowBytes: i32, inputPacked: bool,
): void {
  const place = placeBytes<u8>(channels, inputPacked);
  const table = held + <usize>((r % heldRows) * rowBytes);
  let x = rowAt(node.x, node.xRows, width * place, r) + <usize>(from * place);
  x = rowCounts(x, held + <usize>(heldRows * rowBytes), heldColumns, channels, inputPacked);
  if (planes <= LISTED) list<E>(x, heldColumns, channels, lists, table, table + tableBytes, table + rowBytes);
  else listPlanes<E>(x, heldColumns, channels, planes, table, table + tableBytes);
}

/**
 * The sums of one window for a tile of outputs: adds the weights of every listed input of its columns, list
 * by list and row by row, in registers, and stores them in `sums`. `left`: the window's first column, of
 * `heldColumns` listed columns; `firstSlot`: slot of its `firstRow` in the ring at `held`.
 */
@inline
function addWindow<E>(
  sums: usize, held: usize, weights: usize, left: i32, heldColumns: i32, firstRow: i32, lastRow: i32, firstSlot: i32,
  channels: i32, kernelRows: i32, kernelColumns: i32, planes: i32, lists: i32, heldRows: i32, rowBytes: i32, pairs: i32,
  bits: i32, flush: Flush,
): void {
  const outputs = pairs * PAIR;
  const listed = planes <= LISTED;
  // 4s that are listed as two 2s have no plane.
  const chunked = flush == Flush.Chunk || (flush == Flush.Plane && lists < planes);
  const second = (heldColumns + 1) << 2;
  const firstColumn = max(0, left);
  const lastColumn = min(heldColumns, left + kernelColumns);
  let low0: u32 = 0;
  let high0: u32 = 0;
  let low1: u32 = 0;
  let high1: u32 = 0;
  let low2: u32 = 0;
  let high2: u32 = 0;
  let low3: u32 = 0;
  let high3: u32 = 0;
  let added = 0;
  if (flush != Flush.Never) clear<i32>(sums, outputs);
  // The list of 2s grows downwards.
  let enters = listed && lists == 2 ? lastColumn : firstColumn;
  let leaves = listed && lists == 2 ? firstColumn : lastColumn;
  for (let at = lists - 1; ; ) {
    let table = held + <usize>(firstSlot * rowBytes + at * second);
    // Entries are relative to the start of the row, weights to the left edge of the window.
    let base = weights - <usize>(left * channels * outputs);
    for (let i = firstRow; kernelRows == 1 || i < lastRow; i++) {
      let entry: usize = load<u32>(table + <usize>(enters << 2));
      const stop: usize = load<u32>(table + <usize>(leaves << 2));
      do {
        const pause = chunked ? min(stop, entry + CHUNK * sizeof<E>()) : stop;
        added += <i32>((pause - entry) / sizeof<E>());
        for (; entry < pause; entry += sizeof<E>()) {
          const w = base + <usize>load<E>(entry) * <usize>outputs;
          const a = load<u32>(w, PAIR);
          low0 = addLow(low0, a);
          high0 = addHigh(high0, a);
          if (pairs > 1) {
            const b = load<u32>(w, 2 * PAIR);
            low1 = addLow(low1, b);
            high1 = addHigh(high1, b);
          }
          if (pairs > 2) {
            const d = load<u32>(w, 3 * PAIR);
            low2 = addLow(low2, d);
            high2 = addHigh(high2, d);
          }
          if (pairs > 3) {
            const e = load<u32>(w, 4 * PAIR);
            low3 = addLow(low3, e);
            high3 = addHigh(high3, e);
          }
        }
        if (chunked) {
          addTile(
            sums, low0, high0, low1, high1, low2, high2, low3, high3, added << (bits - 1), at, pairs,
          );
          low0 = high0 = low1 = high1 = low2 = high2 = low3 = high3 = 0;
          added = 0;
        }
      } while (chunked && entry < stop);
      if (kernelRows == 1) break;
      base += kernelColumns * channels * outputs;
      table += rowBytes;
      if (table >= held + <usize>(heldRows * rowBytes)) table -= heldRows * rowBytes;
    }
    if (!chunked && (flush == Flush.Plane || (flush == Flush.Half && at < 2))) {
      addTile(
        sums, low0, high0, low1, high1, low2, high2, low3, high3, added << (bits - 1), at, pairs,
      );
      low0 = high0 = low1 = high1 = low2 = high2 = low3 = high3 = 0;
      added = 0;
    }
    if (lists == 1 || at == 0) break;
    at--;
    enters = listed && at == 1 ? lastColumn : firstColumn;
    leaves = listed && at == 1 ? firstColumn : lastColumn;
    if (flush == Flush.Never || flush == Flush.Half) {
      low0 = twice(low0);
      high0 = twice(high0);
      if (pairs > 1) low1 = twice(low1);
      if (pairs > 1) high1 = twice(high1);
      if (pairs > 2) low2 = twice(low2);
      if (pairs > 2) high2 = twice(high2);
      if (pairs > 3) low3 = twice(low3);
      if (pairs > 3) high3 = twice(high3);
      added += added;
    }
  }
  if (flush == Flush.Never) {
    const excess = added << (bits - 1);
    storeSums(sums, low0, high0, excess);
    if (pairs > 1) storeSums(sums + PAIR * 2, low1, high1, excess);
    if (pairs > 2) storeSums(sums + 2 * PAIR * 2, low2, high2, excess);
    if (pairs > 3) storeSums(sums + 3 * PAIR * 2, low3, high3, excess);
  }
}

/**
 * A band of rows of `accumulate` on spikes (models/ops/accumulate.ts): each input row becomes lists of its
 * spikes once, with `heldRows` rows in memory, then every tile of outputs adds the weights of the listed
 * inputs, with sums in registers over a whole window; each row of the window is a single run of a list. There
 * is one list per plane, or two lists if 4s are listed as two 2s. E, S, R, Y, T: types of list entries, sums,
 * residual, output and thresholds. All parameters after `rows` are constants. A tile is `pairs` (1 to 4) of
 * lanes; weights are bytes w + 2^(bits - 1), [kernel row][kernel column][input][pairs * PAIR]. A tile's
 * constants are contiguous, `blockBytes` from one tile to the next. The node's constants start with tile
 * `begin`, and `count` tiles are computed. The lists hold the inputs of `chunk` output columns at once.
 * `inputPacked`, `packed`: counts are read and written in 4 bits.
 */
@inline
export function events<E, S, R, Y, T>(
  node: Node, row: i32, rows: i32,
  height: i32, width: i32, channels: i32,
  columns: i32, out: i32,
  kernelRows: i32, kernelColumns: i32, strideRows: i32, strideColumns: i32, paddingRows: i32, paddingColumns: i32,
  planes: i32, lists: i32, heldRows: i32, tableBytes: i32, rowBytes: i32, chunk: i32,
  pairs: i32, bits: i32, flush: Flush,
  blockBytes: i32, begin: i32, count: i32,
  end: End, levels: i32, residual: bool, inputPacked: bool, packed: bool,
): void {
  const sums = node.scratch;
  const held = sums + 256;
  const outputs = pairs * PAIR;
  const place = placeBytes<Y>(out, packed);
  let next = 0;
  for (let r = row; r < row + rows; r++) {
    const top = r * strideRows - paddingRows;
    const firstRow = kernelRows > 1 ? max(0, -top) : 0;
    const lastRow = kernelRows > 1 ? min(kernelRows, height - top) : 1;
    const y = rowAt(node.y, node.yRows, columns * place, r);
    const x1 = residual ? rowAt(node.x1, node.x1Rows, columns * out * sizeof<R>(), r) : 0;
    for (let chunkBegin = 0; chunkBegin < columns; chunkBegin += chunk) {
      const chunkEnd = chunk < columns ? min(columns, chunkBegin + chunk) : columns;
      // The input columns under these windows.
      const from = chunk < columns ? max(0, chunkBegin * strideColumns - paddingColumns) : 0;
      const until =
        chunk < columns ? min(width, (chunkEnd - 1) * strideColumns - paddingColumns + kernelColumns) : width;
      const heldColumns = until - from;
      // Whole rows are reused for the next output rows.
      if (chunk < columns) next = 0;
      for (next = max(next, top + firstRow); next < top + lastRow; next++)
        listRow<E>(
          node, next, held, width, channels, from, heldColumns, planes, lists, heldRows, tableBytes, rowBytes, inputPacked,
        );
      const firstSlot = (top + firstRow) % heldRows;
      for (let tile = 0; tile < count; tile++) {
        const block = <usize>(tile * blockBytes);
        // One word before the weights, so that all loads of a spike are offsets from one address.
        const weights = node.weights + block + <usize>(firstRow * kernelColumns * channels * outputs) - PAIR;
        const first = (begin + tile) * outputs;
        const n = out % outputs == 0 ? outputs : min(outputs, out - first);
        for (let c = chunkBegin; c < chunkEnd; c++) {
          const left = c * strideColumns - paddingColumns - from;
          addWindow<E>(
            sums, held, weights, left, heldColumns, firstRow, lastRow, firstSlot, channels, kernelRows, kernelColumns,
            planes, lists, heldRows, rowBytes, pairs, bits, flush,
          );
          finishTile<S, R, Y, T>(
            node, sums, y, x1, c, out, first, n, block, outputs, end, levels, residual, packed,
          );
        }
      }
    }
  }
}
