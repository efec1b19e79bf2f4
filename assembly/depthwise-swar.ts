import { reached } from './branches';
import { placeBytes, valueAt } from './counts';
import { Node, rowAt } from './node';
import { End, scaleValue } from './scalar';
import { clear } from './sum';

/** Channels whose counts are read together, and whose constants form a tile. */
const GROUP: i32 = 4;

/** Counts of up to four channels starting at `channel`, one byte each. */
@inline
function countsAt(place: usize, channel: i32, channels: i32, packed: bool): u32 {
  if (!packed && (channels & 3) == 0) return load<u32>(place + channel);
  let counts: u32 = 0;
  for (let k = min(GROUP, channels - channel) - 1; k >= 0; k--)
    counts = (counts << 8) | <u32>valueAt<u8>(place, channel + k, packed);
  return counts;
}

/**
 * Adds `count` times two words of weights to two words of sums. Loads everything before storing, so that a
 * core can load both words at once.
 */
@inline
function addTwo(sums: usize, weights: usize, count: u32): void {
  const sum = load<u32>(sums);
  const next = load<u32>(sums, 4);
  const weight = load<u32>(weights);
  const nextWeight = load<u32>(weights, 4);
  store<u32>(sums, sum + weight * count);
  store<u32>(sums, next + nextWeight * count, 4);
}

/** Adds `count` times the weights of one kernel row to the two outputs of each word. */
@inline
function addRow(sums: usize, weights: usize, count: u32, words: i32): void {
  if (words > 1) addTwo(sums, weights, count);
  if (words > 3) addTwo(sums + 8, weights + 8, count);
  for (let i = 4; i < (words & ~1); i += 2) addTwo(sums + (i << 2), weights + (i << 2), count);
  if (words & 1) {
    const last = (words - 1) << 2;
    store<u32>(sums + last, load<u32>(sums + last) + load<u32>(weights + last) * count);
  }
}

/**
 * A band of rows of a depthwise `accumulate` on spikes whose sums provably fit 16 bits. R, Y, T: types of
 * residual, output and thresholds. Every nonzero count adds the kernel to the outputs around it, two
 * neighbours per word, in a ring of unfinished rows: GROUP channels [channel][row][word], `words` per row.
 * Weights are [tile of GROUP channels][channel][phase][kernel row, last first][word], each first + 2^16 *
 * second of two neighbours; the phase of a column says which weight it adds to which of the outputs in
 * `kernelWords` words. A tile's constants are contiguous, `blockBytes` from one to the next; the node's start
 * with tile `begin`, and `count` tiles are computed.
 */
@inline
export function depthwise<R, Y, T>(
  node: Node, row: i32, rows: i32,
  height: i32, width: i32, channels: i32,
  columns: i32,
  kernelRows: i32, kernelColumns: i32, strideRows: i32, strideColumns: i32, paddingRows: i32, paddingColumns: i32,
  words: i32, kernelWords: i32,
  blockBytes: i32, begin: i32, count: i32,
  end: End, levels: i32, residual: bool, inputPacked: bool, packed: bool,
): void {
  const sums = node.scratch;
  const ring = (kernelRows + strideRows - 1) / strideRows;
  const rowBytes = words << 2;
  const channelBytes = ring * rowBytes;
  const phases = strideColumns << 1;
  const phaseBytes = kernelRows * kernelWords * 4;
  const xPlace = placeBytes<u8>(channels, inputPacked);
  const yPlace = placeBytes<Y>(channels, packed);
  const last = row + rows;
  clear<i32>(sums, GROUP * ring * words);
  for (let tile = 0; tile < count; tile++) {
    const block = <usize>(tile * blockBytes);
    const first = (begin + tile) * GROUP;
    const group = channels & 3 ? min(GROUP, channels - first) : GROUP;
    let next = max(0, row * strideRows - paddingRows);
    for (let r = row; r < last; r++) {
      const until = min(height, r * strideRows - paddingRows + kernelRows);
      for (; next < until; next++) {
        // The output rows under this input row.
        const q = next + paddingRows;
        const low = max(r, (q - kernelRows + strideRows) / strideRows);
        const under = min(last, q / strideRows + 1) - low;
        if (under <= 0) continue;
        const slot = low % ring;
        const before = min(under, ring - slot) * rowBytes;
        const behind = under * rowBytes - before;
        const weights = node.weights + block + (kernelRows - 1 - q + low * strideRows) * kernelWords * 4;
        let x = rowAt(node.x, node.xRows, width * xPlace, next);
        let w = weights + (paddingColumns % phases) * phaseBytes;
        let at = sums + ((paddingColumns / phases) << 2);
        for (const stop = x + width * xPlace; x < stop; x += xPlace) {
          let counts = countsAt(x, first, channels, inputPacked);
          let channel = at;
          let kernel = w;
          while (counts) {
            const n = counts & 255;
            if (n) {
              let to = channel + slot * rowBytes;
              let limit = to + before;
              let left = behind;
              let from = kernel;
              for (;;) {
                do {
                  addRow(to, from, n, kernelWords);
                  to += rowBytes;
                  from += strideRows * kernelWords * 4;
                } while (to < limit);
                if (!left) break;
                to = channel;
                limit = to + left;
                left = 0;
              }
            }
            channel += channelBytes;
            kernel += phases * phaseBytes;
            counts >>= 8;
          }
          w += phaseBytes;
          if (w >= weights + phases * phaseBytes) {
            w = weights;
            at += 4;
          }
        }
      }
      let from = sums + (r % ring) * rowBytes + ((kernelWords - 1) << 2);
      const y = rowAt(node.y, node.yRows, columns * yPlace, r);
      const x1 = residual ? rowAt(node.x1, node.x1Rows, columns * channels * sizeof<R>(), r) : 0;
      for (let k = 0; k < group; k++) {
        const channel = first + k;
        const thresholds = node.thresholds + block + k * sizeof<T>();
        const scale = block + (k << 2);
        let to = y + placeBytes<Y>(channel, false);
        if (packed) to = y + (channel >> 1);
        let by = x1 + channel * sizeof<R>();
        let sum = from;
        let pair: u32 = 0;
        let value = 0;
        for (let c = 0; c < columns; c++) {
          if (c & 1)
            // A lane may have borrowed from its neighbour.
            pair = <u32>(<i32>(pair - value) >> 16);
          else {
            pair = load<u32>(sum);
            store<u32>(sum, 0);
            sum += 4;
          }
          value = <i32>(<i16>pair);
          if (end == End.Fire) {
            let n = reached<T>(value, thresholds, GROUP, levels);
            if (packed && k & 1) n = (n << 4) | load<u8>(to);
            store<u8>(to, <u8>n);
          } else {
            scaleValue<R, Y>(node.multiplier + scale, node.bias + scale, node.shift, value, to, by, residual);
            if (residual) by += channels * sizeof<R>();
          }
          to += yPlace;
        }
        from += channelBytes;
      }
    }
  }
}
