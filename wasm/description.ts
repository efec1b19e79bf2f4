import type { FrontEndKind, TensorKind, ValueType } from '../models/index.js';
import type { Tier } from './tiers.js';

/**
 * A module's description of itself: the contents of its custom section `spikelet`, checked by describe.ts.
 */
export type WasmDescription = {
  format: 1;
  name: string;
  /** What the kernels need: vectors or not. */
  tier: Tier;
  classes: string[];
  /** What one unit of a pixel and of a logit is worth; how raw pixels are normalised. */
  input: { scale: number; mean: number[]; std: number[] };
  output: { scale: number };
  /**
   * The input, then every node's output in order. Counts of type u4 are two per byte, the lower channel in
   * the lower half; every position begins at a byte.
   */
  tensors: [
    name: string,
    kind: TensorKind,
    type: ValueType | 'u4',
    shape: [rows: number, columns: number, channels: number],
    address: number,
    /** Rows of its ring. */
    ring: number,
  ][];
  /** Address and size of the constants; infer() takes the address. */
  image: [address: number, bytes: number];
  /** Address and size of tensors and working memory. */
  arena: [address: number, bytes: number];
  /** Address of the table that turns raw u8 pixels into pixels: [channel][256] i8. */
  pixelTable: number;
  /** Bytes of weights, in the image or outside. */
  weights: number;
  /**
   * Bytes and CRC-32 of the constants that the module reads through its import; none if they are in the
   * image.
   */
  outside?: [bytes: number, crc: number] | undefined;
  /**
   * What takes a raw signal: its kind, its state, whose first word is the address of the image's ring and whose fourth says
   * that an image is due, and where samples are put (i16).
   */
  frontEnd?:
    | {
        kind: FrontEndKind;
        state: [address: number, bytes: number];
        signal: [address: number, bytes: number];
      }
    | undefined;
  /**
   * Of a module whose memory is shared: most threads, address of their Models (12 bytes each), of the words they share,
   * and pages of the memory that it imports.
   */
  threads?: [most: number, models: number, control: number, pages: number] | undefined;
};
