import { COMPACTION } from './node';

/**
 * Writes entries for the inputs whose bit is set in an 8-bit mask, without a branch; returns where the next
 * entries go. The number of inputs before these eight is `before`, in lanes, for 16-bit entries, and `index`
 * for others.
 */
@inline
function compact<E>(entries: usize, mask: i32, before: v128, index: i32): usize {
  const bits = v128.load_ext<u8>(COMPACTION + (<usize>mask << 3));
  if (sizeof<E>() == 2) v128.store(entries, i16x8.add(bits, before));
  else {
    v128.store(entries, i32x4.add(i32x4.extend_low_i16x8_u(bits), i32x4.splat(index)));
    v128.store(entries, i32x4.add(i32x4.extend_high_i16x8_u(bits), i32x4.splat(index)), 16);
  }
  return entries + <usize>popcnt(mask) * sizeof<E>();
}

/**
 * Writes one row of counts as streams (wasm/streams.ts): per plane, highest first, the positions of the
 * inputs whose count has the plane's bit. `table` [plane][column + 1] gets the address where each column
 * begins.
 */
export function extract<E>(x: usize, width: i32, channels: i32, planes: i32, table: usize, entries: usize): void {
  for (let plane = planes - 1; plane >= 0; plane--) {
    const shift = 7 - plane;
    let from = x;
    let index = 0;
    let before = i16x8.splat(0);
    let to = table + <usize>(plane * (width + 1) * 4);
    for (let c = 0; c < width; c++) {
      store<u32>(to, entries);
      to += 4;
      let left = channels;
      for (; left >= 16; left -= 16) {
        // Bits shifted into the upper byte of a lane stay below its top bit.
        const mask = i8x16.bitmask(i16x8.shl(v128.load(from), shift));
        entries = compact<E>(entries, mask & 255, before, index);
        before = i16x8.add(before, i16x8.splat(8));
        entries = compact<E>(entries, mask >> 8, before, index + 8);
        before = i16x8.add(before, i16x8.splat(8));
        from += 16;
        index += 16;
      }
      if (left >= 8) {
        const mask = i8x16.bitmask(i16x8.shl(v128.load64_zero(from), shift));
        entries = compact<E>(entries, mask, before, index);
        before = i16x8.add(before, i16x8.splat(8));
        from += 8;
        index += 8;
        left -= 8;
      }
      if (left) {
        before = i16x8.add(before, i16x8.splat(<i16>left));
        for (; left > 0; left--) {
          store<E>(entries, <E>(index++));
          entries += <usize>((<i32>load<u8>(from++) >> plane) & 1) * sizeof<E>();
        }
      }
    }
    store<u32>(to, entries);
  }
}
