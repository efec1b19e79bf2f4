/**
 * Sixteen-bit lanes in plain integers: a pair of u32 (`low`, `high`) sums four outputs whose weights are in
 * one word, each byte w + bias. `low` adds the word unchanged and `high` its second and fourth byte. Lanes
 * carry into their neighbours, but all arithmetic is modulo 2^32 and the excess is known, so every carry
 * cancels in the end. No multiplication and no 64-bit integers: on a Cortex-M or through wasm2js a spike
 * costs five cheap instructions for four outputs. For cores with better instructions, C replaces these
 * functions (firmware-gen/model/lanes.ts), so only they may interpret intermediate values.
 */

/** Bytes of weights that a pair adds per input: one for each of its outputs. */
export const PAIR: i32 = 4;

/** Adds the first and the third byte of a word. */
export function addLow(low: u32, bytes: u32): u32 {
  return low + bytes;
}

/** Adds the second and the fourth byte of a word. */
export function addHigh(high: u32, bytes: u32): u32 {
  return high + ((bytes >> 8) & 0x00ff00ff);
}

export function twice(lanes: u32): u32 {
  return lanes + lanes;
}

/** Two signed 16-bit sums from lanes, where the lower one may have borrowed from the upper. */
@inline
function apart(lanes: u32): u32 {
  return lanes + ((lanes & 0x8000) << 1);
}

/** The sums of a pair's first two outputs; `excess` is the total excess of the weight bytes. */
export function lowSums(low: u32, high: u32, excess: i32): u32 {
  return apart(low - (high << 8) - <u32>excess * 0x00010001);
}

/** The sums of its other two outputs. `low` is for cores that cannot compute them from `high` alone. */
export function highSums(low: u32, high: u32, excess: i32): u32 {
  return apart(high - <u32>excess * 0x00010001);
}
