import { eightAt } from './counts';

/** Weights of eight channels of one tap, in lanes of 16 bits; above each lies that of the tap below. */
@inline
export function tapAt(w: usize): v128 {
  return i16x8.shr_s(i16x8.shl(v128.load(w), 8), 8);
}

/** The weight of one channel of a tap. */
@inline
export function oneTap(w: usize): i32 {
  return load<i8>(w);
}

/** Whether fourPlaces takes windows of these rows of the kernel: below the kernel's last row weights are zero. */
@inline
export function takesRows(firstRow: i32, lastRow: i32, kernelRows: i32): bool {
  return lastRow == kernelRows || ((lastRow - firstRow) & 1) == 0;
}

/** Counts of eight channels of a place, and of the place below it, byte by byte. */
@inline
function twoAt(at: usize, below: usize, channel: i32, packed: bool): v128 {
  if (packed) return v128.or(eightAt(at, channel, true), i16x8.shl(eightAt(below, channel, true), 8));
  return i8x16.shuffle(
    v128.load64_zero(at + channel), v128.load64_zero(below + channel),
    0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23,
  );
}

/** Eight channels' products with a tap and the one below it. Counts have 4 bits, so no sum saturates. */
@inline
function dot(weights: v128, counts: v128): v128 {
  return i16x8.relaxed_dot_i8x16_i7x16_s(weights, counts);
}

/** The same as in taps-simd.ts, two rows of the window at a time. */
@inline
export function fourPlaces(
  x: usize, firstSlot: u32, ring: u32, rowBytes: i32, channel: i32, channels: i32, place: i32, firstRow: i32,
  lastRow: i32, kernelColumns: i32, strideColumns: i32, w: usize, packed: bool, to: usize,
): void {
  let a = i16x8.splat(0);
  let b = a;
  let c = a;
  let d = a;
  const next = strideColumns * place;
  let slot = firstSlot;
  for (let i = firstRow; i < lastRow; i += 2) {
    let at = x + slot * rowBytes;
    if (++slot == ring) slot = 0;
    // Below a window's last row there may be none, but then its weights are zero.
    let below = i + 1 < lastRow ? x + slot * rowBytes : at;
    if (++slot == ring) slot = 0;
    if (strideColumns == 1) {
      // Neighbouring places share all but one of their columns.
      let x0 = twoAt(at, below, channel, packed);
      let x1 = twoAt(at + place, below + place, channel, packed);
      let x2 = twoAt(at + 2 * place, below + 2 * place, channel, packed);
      at += 3 * place;
      below += 3 * place;
      for (let j = 0; j < kernelColumns; j++) {
        const x3 = twoAt(at, below, channel, packed);
        const weights = v128.load(w);
        a = i16x8.add(a, dot(weights, x0));
        b = i16x8.add(b, dot(weights, x1));
        c = i16x8.add(c, dot(weights, x2));
        d = i16x8.add(d, dot(weights, x3));
        x0 = x1;
        x1 = x2;
        x2 = x3;
        at += place;
        below += place;
        w += channels * 2;
      }
    } else {
      for (let j = 0; j < kernelColumns; j++) {
        const weights = v128.load(w);
        a = i16x8.add(a, dot(weights, twoAt(at, below, channel, packed)));
        b = i16x8.add(b, dot(weights, twoAt(at + next, below + next, channel, packed)));
        c = i16x8.add(c, dot(weights, twoAt(at + 2 * next, below + 2 * next, channel, packed)));
        d = i16x8.add(d, dot(weights, twoAt(at + 3 * next, below + 3 * next, channel, packed)));
        at += place;
        below += place;
        w += channels * 2;
      }
    }
    w += kernelColumns * channels * 2;
  }
  v128.store(to, a);
  v128.store(to + channels * 2, b);
  v128.store(to + channels * 4, c);
  v128.store(to + channels * 6, d);
}
