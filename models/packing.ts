/** Bits of a weight in a file. */
export type WeightBits = 8 | 6 | 4;

/** Bytes that `count` weights of `bits` take: little-endian bit order, the last byte filled with zeros. */
export const packedBytes = (count: number, bits: WeightBits): number => Math.ceil((count * bits) / 8);

/** Signed weights as `bits`-bit two's complement fields, one after the other. */
export function packWeights(weights: Int8Array, bits: WeightBits): Uint8Array {
  const packed = new Uint8Array(packedBytes(weights.length, bits));
  const mask = (1 << bits) - 1;
  for (let i = 0, bit = 0; i < weights.length; i++, bit += bits) {
    const field = (weights[i]! & mask) << (bit & 7);
    const at = bit >> 3;
    packed[at] = packed[at]! | field;
    if (field > 255) packed[at + 1] = packed[at + 1]! | (field >> 8);
  }
  return packed;
}

/** Unpacks `count` weights. */
export function unpackWeights(packed: Uint8Array, count: number, bits: WeightBits): Int8Array {
  const weights = new Int8Array(count);
  for (let i = 0, bit = 0; i < count; i++, bit += bits) {
    const at = bit >> 3;
    const field = ((packed[at]! | ((packed[at + 1] ?? 0) << 8)) >> (bit & 7)) << (32 - bits);
    weights[i] = field >> (32 - bits);
  }
  return weights;
}
