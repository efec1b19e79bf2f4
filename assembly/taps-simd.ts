import { eightAt } from './counts';

/** Weights of eight channels of one tap, in lanes of 16 bits. */
@inline
export function tapAt(w: usize): v128 {
  return v128.load(w);
}

/** The weight of one channel of a tap. */
@inline
export function oneTap(w: usize): i32 {
  return load<i16>(w);
}

/** Whether fourPlaces takes windows of these rows of the kernel. */
@inline
export function takesRows(firstRow: i32, lastRow: i32, kernelRows: i32): bool {
  return true;
}

/**
 * Sums of eight channels of four neighbouring places, i16 at `to`, `channels` apart. `x` is the leftmost column under the
 * first place's window of the map's row in slot 0, and `w` the first weight of row `firstRow` of the kernel.
 */
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
  for (let i = firstRow; i < lastRow; i++) {
    let at = x + slot * rowBytes;
    if (strideColumns == 1) {
      // Neighbouring places share all but one of their columns.
      let x0 = eightAt(at, channel, packed);
      let x1 = eightAt(at + place, channel, packed);
      let x2 = eightAt(at + 2 * place, channel, packed);
      at += 3 * place;
      for (let j = 0; j < kernelColumns; j++) {
        const x3 = eightAt(at, channel, packed);
        const weights = v128.load(w);
        a = i16x8.add(a, i16x8.mul(x0, weights));
        b = i16x8.add(b, i16x8.mul(x1, weights));
        c = i16x8.add(c, i16x8.mul(x2, weights));
        d = i16x8.add(d, i16x8.mul(x3, weights));
        x0 = x1;
        x1 = x2;
        x2 = x3;
        at += place;
        w += channels * 2;
      }
    } else {
      for (let j = 0; j < kernelColumns; j++) {
        const weights = v128.load(w);
        a = i16x8.add(a, i16x8.mul(eightAt(at, channel, packed), weights));
        b = i16x8.add(b, i16x8.mul(eightAt(at + next, channel, packed), weights));
        c = i16x8.add(c, i16x8.mul(eightAt(at + 2 * next, channel, packed), weights));
        d = i16x8.add(d, i16x8.mul(eightAt(at + 3 * next, channel, packed), weights));
        at += place;
        w += channels * 2;
      }
    }
    if (++slot == ring) slot = 0;
  }
  v128.store(to, a);
  v128.store(to + channels * 2, b);
  v128.store(to + channels * 4, c);
  v128.store(to + channels * 6, d);
}
