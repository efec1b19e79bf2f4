import { type Family, SPRAM } from '../parts.js';
import type { Memory } from './features.js';

/**
 * Shapes, words times bits, in which a family's block RAM is used. All blocks of a memory have the same
 * shape, the one that needs the fewest.
 */
const shapes: Record<Family, [words: number, bits: number][]> = {
  ice40: [
    [256, 16],
    [512, 8],
    [1024, 4],
    [2048, 2],
  ],
  'ice40-hx': [
    [256, 16],
    [512, 8],
    [1024, 4],
    [2048, 2],
  ],
  ecp5: [
    [512, 36],
    [1024, 18],
    [2048, 9],
    [4096, 4],
    [8192, 2],
    [16384, 1],
  ],
  xilinx7: [
    [512, 72],
    [1024, 36],
    [2048, 18],
    [4096, 9],
    [8192, 4],
    [16384, 2],
    [32768, 1],
  ],
  gowin: [
    [512, 32],
    [1024, 16],
    [2048, 8],
    [4096, 4],
    [8192, 2],
    [16384, 1],
  ],
};

/** Block RAMs that a memory takes in a family of parts. */
export const bramsOf = ({ bits, words }: Memory, family: Family): number =>
  Math.min(...shapes[family].map(([deep, wide]) => Math.ceil(words / deep) * Math.ceil(bits / wide)));

/** Single-port RAMs that a memory takes. */
export const spramsOf = ({ bits, words }: Memory): number =>
  Math.ceil(bits / SPRAM.bits) * Math.ceil(words / SPRAM.words);
