/**
 * Sixteen-bit lanes in plain integers: a pair of u32 (`low`, `high`) sums four outputs whose weights lie in one word,
 * each byte w + bias. `low` adds the word as it is and `high` its second and fourth byte. Lanes carry into their
 * neighbours, but all arithmetic is modulo 2^32 and the excess is known, so every carry cancels in the end. No
 * multiplication and no 64-bit integer: on a Cortex-M or through wasm2js a spike costs five cheap instructions for four
 * outputs. Where a core has better instructions, C has them for these functions (firmware-gen/model/lanes.ts), so what lies
 * between the first addition and the sums means something to them alone.
 */

/** Bytes of the weights that a pair adds for one input: one for each of its outputs. */
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

/** Two signed sums of 16 bits from lanes of which the lower may have borrowed from the upper. */
@inline
function apart(lanes: u32): u32 {
  return lanes + ((lanes & 0x8000) << 1);
}

/** The sums of a pair's first two outputs; `excess` is what every weight byte added too much. */
export function lowSums(low: u32, high: u32, excess: i32): u32 {
  return apart(low - (high << 8) - <u32>excess * 0x00010001);
}

/** The sums of its other two. `low` is for cores whose lanes `high` alone does not hold. */
export function highSums(low: u32, high: u32, excess: i32): u32 {
  return apart(high - <u32>excess * 0x00010001);
}
