/** When a tile's 16-bit sums go to 32 bits. */
export const enum Flush {
  /** They hold all planes. */
  Never,
  /** They hold all planes but the lowest, which follows by itself. */
  Half,
  /** They hold one plane. */
  Plane,
  /** They hold CHUNK spikes. */
  Chunk,
}

/** Spikes of one plane add at most 127 each: 256 of them fit 16 bits whatever the weights are. */
export const CHUNK: i32 = 256;
