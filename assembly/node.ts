/**
 * Address of the image's table [mask][8]: the bit positions of an 8-bit mask, with which the simd tier lists
 * the spikes among eight inputs (streams-simd.ts). It is constant.
 */
export const COMPACTION: usize = 1040;

/** Head of a model's image: addresses of its steps and nodes. Written by wasm/memory-image.ts. */
@unmanaged
export class Model {
  steps: usize;
  stepsEnd: usize;
  nodes: usize;
}

/** One step of the plan: node `node` computes rows `row` .. `row + rows` of its output. */
@unmanaged
export class Step {
  node: u16;
  row: u16;
  rows: u16;
}

/**
 * What differs between nodes of the same geometry: addresses, and the number of rows in each tensor's ring.
 * Kept in memory, not in code, so that layers of equal geometry share a function, and a plan can change
 * without recompiling.
 */
@unmanaged
export class Node {
  /** Index of the layer function that computes it. */
  layer: u32;
  /** The output. */
  y: usize;
  yRows: u32;
  /** The input; in attention, the queries. */
  x: usize;
  xRows: u32;
  /** The residual; in attention, the keys. */
  x1: usize;
  x1Rows: u32;
  /** In attention, the values. */
  x2: usize;
  x2Rows: u32;
  /** Working memory that the next step may overwrite. */
  scratch: usize;
  /** Memory that is kept from its first step to its last. */
  kept: usize;
  weights: usize;
  thresholds: usize;
  multiplier: usize;
  bias: usize;
  shift: i32;
  /** Offset of the constants outside the memory, if they are fetched. */
  source: u32;
}

/** Address of row `r` of a tensor whose rows are in a ring at `base`. */
@inline
export function rowAt(base: usize, ring: u32, rowBytes: i32, r: i32): usize {
  return base + <usize>((<u32>r % ring) * <u32>rowBytes);
}
