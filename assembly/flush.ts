/** When a tile's 16-bit sums are added to 32-bit sums. */
export const enum Flush {
  /** Never: they can hold all planes. */
  Never,
  /** They can hold all planes except the lowest, which is added separately. */
  Half,
  /** They can hold one plane. */
  Plane,
  /** They can hold CHUNK spikes. */
  Chunk,
}

/** Each spike of a plane adds at most 127, so 256 of them fit 16 bits for any weights. */
export const CHUNK: i32 = 256;
