import { COMPACTION } from './node';

/** Entries of the inputs whose bit is set in an 8-bit mask, written without a branch; returns where the next go. */
@inline
function compact<E>(entries: usize, mask: i32, index: i32): usize {
  const positions = i16x8.add(v128.load_ext<u8>(COMPACTION + (<usize>mask << 3)), i16x8.splat(<i16>index));
  if (sizeof<E>() == 2) v128.store(entries, positions);
  else {
    // In 32 bits the position is added after the extension: it may pass 65535.
    const local = v128.load_ext<u8>(COMPACTION + (<usize>mask << 3));
    v128.store(entries, i32x4.add(i32x4.extend_low_i16x8_u(local), i32x4.splat(index)));
    v128.store(entries, i32x4.add(i32x4.extend_high_i16x8_u(local), i32x4.splat(index)), 16);
  }
  return entries + <usize>popcnt(mask) * sizeof<E>();
}

/**
 * Writes one row of counts as streams (models/ops/streams.ts): per plane, highest first, the positions of the inputs
 * whose count has the plane's bit. `table` [plane][column + 1] gets the address where each column begins.
 */
export function extract<E>(x: usize, width: i32, channels: i32, planes: i32, table: usize, entries: usize): void {
  for (let plane = planes - 1; plane >= 0; plane--) {
    const shift = 7 - plane;
    let from = x;
    let index = 0;
    let to = table + <usize>(plane * (width + 1) * 4);
    for (let c = 0; c < width; c++) {
      store<u32>(to, entries);
      to += 4;
      let left = channels;
      for (; left >= 16; left -= 16) {
        // Bits that cross into the upper byte of a lane stay below its top bit.
        const mask = i8x16.bitmask(i16x8.shl(v128.load(from), shift));
        entries = compact<E>(entries, mask & 255, index);
        entries = compact<E>(entries, mask >> 8, index + 8);
        from += 16;
        index += 16;
      }
      if (left >= 8) {
        entries = compact<E>(entries, i8x16.bitmask(i16x8.shl(v128.load64_zero(from), shift)), index);
        from += 8;
        index += 8;
        left -= 8;
      }
      for (; left > 0; left--) {
        store<E>(entries, <E>(index++));
        entries += <usize>((load<u8>(from++) >> <u8>plane) & 1) * sizeof<E>();
      }
    }
    store<u32>(to, entries);
  }
}
