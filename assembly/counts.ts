/**
 * Spike counts in memory: one byte each, or packed, two per byte with the lower channel in the lower half.
 * Every position of a map starts at a byte. Kernels compute on bytes; only this file knows the packed form.
 */

/** Bytes of one position in a row of values of type Y. */
@inline
export function placeBytes<Y>(channels: i32, packed: bool): i32 {
  return packed ? (channels + 1) >> 1 : channels * sizeof<Y>();
}

/** The count of a channel at the position `place`, or its value of type X. */
@inline
export function valueAt<X>(place: usize, channel: i32, packed: bool): i32 {
  if (packed) return (<i32>load<u8>(place + (channel >> 1)) >> ((channel & 1) << 2)) & 15;
  return <i32>load<X>(place + <usize>channel * sizeof<X>());
}

/** Eight counts, starting at an even channel, in 16-bit lanes. */
@inline
export function eightAt(place: usize, channel: i32, packed: bool): v128 {
  if (!packed) return v128.load_ext<u8>(place + channel);
  const bytes = v128.load32_splat(place + (channel >> 1));
  const pairs = v128.swizzle(bytes, i8x16(0, -1, 0, -1, 1, -1, 1, -1, 2, -1, 2, -1, 3, -1, 3, -1));
  const counts = v128.bitselect(pairs, i16x8.shr_u(pairs, 4), i32x4.splat(0xffff));
  return v128.and(counts, i16x8.splat(15));
}

/** Copies the counts of one position to bytes. */
@inline
export function loadCounts(from: usize, to: usize, channels: i32, packed: bool): void {
  let left = channels;
  if (packed) {
    if (ASC_FEATURE_SIMD) {
      for (; left >= 16; left -= 16) {
        const pairs = v128.load_ext<u8>(from);
        v128.store(to, v128.and(v128.or(pairs, i16x8.shl(pairs, 4)), i16x8.splat(0x0f0f)));
        from += 8;
        to += 16;
      }
    }
    for (; left >= 2; left -= 2) {
      const pair = <u32>load<u8>(from++);
      // Two byte stores, because positions with an odd number of channels start at odd addresses.
      store<u8>(to, <u8>(pair & 15));
      store<u8>(to, <u8>(pair >> 4), 1);
      to += 2;
    }
    if (left > 0) store<u8>(to, load<u8>(from) & 15);
    return;
  }
  if (ASC_FEATURE_SIMD) {
    for (; left >= 16; left -= 16) {
      v128.store(to, v128.load(from));
      from += 16;
      to += 16;
    }
  }
  // Words only if every position is word-aligned: small cores fault on unaligned ones.
  if ((channels & 3) == 0) {
    for (; left > 0; left -= 4) {
      store<u32>(to, load<u32>(from));
      from += 4;
      to += 4;
    }
  }
  for (; left > 0; left--) store<u8>(to++, load<u8>(from++));
}

/** Address of the counts of a row as bytes: the row itself, or `to` after unpacking. */
@inline
export function rowCounts(row: usize, to: usize, columns: i32, channels: i32, packed: bool): usize {
  if (!packed) return row;
  let at = to;
  for (let c = 0; c < columns; c++) {
    loadCounts(row, at, channels, true);
    row += placeBytes<u8>(channels, true);
    at += channels;
  }
  return to;
}
