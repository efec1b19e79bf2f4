/**
 * Where the image's table [mask][8] lies: the positions of the bits of an 8-bit mask, which the simd tier
 * needs to list the spikes among eight inputs (streams-simd.ts). Its address is constant.
 */
export const COMPACTION: usize = 1040;

/** Head of a model's image: where its steps and nodes lie. Written by wasm/memory-image.ts. */
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
 * What differs between nodes of one geometry: addresses, and how many rows each tensor's ring holds.
 * In memory and not in the code, so that layers of equal geometry share a function, and a plan can change without
 * a new compilation.
 */
@unmanaged
export class Node {
  /** Which of the model's layer functions computes it. */
  layer: u32;
  /** The output. */
  y: usize;
  yRows: u32;
  /** The input; the queries of an attention. */
  x: usize;
  xRows: u32;
  /** The residual; the keys. */
  x1: usize;
  x1Rows: u32;
  /** The values of an attention. */
  x2: usize;
  x2Rows: u32;
  /** Working memory, which the next step may overwrite. */
  scratch: usize;
  /** Memory of its own from its first step to its last. */
  kept: usize;
  weights: usize;
  thresholds: usize;
  multiplier: usize;
  bias: usize;
  shift: i32;
  /** Where the constants begin outside of the memory, if they are fetched. */
  source: u32;
}

/** Address of row `r` of a tensor whose rows lie in a ring at `base`. */
@inline
export function rowAt(base: usize, ring: u32, rowBytes: i32, r: i32): usize {
  return base + <usize>((<u32>r % ring) * <u32>rowBytes);
}
