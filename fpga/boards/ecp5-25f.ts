import type { Board } from './board.js';

/** Used on ULX3S and Colorlight boards. */
export const ecp525f: Board = {
  name: 'ecp5-25f',
  title: 'Lattice ECP5 LFE5U-25F (area only)',
  family: 'ecp5',
  capacity: { luts: 24_288, flipFlops: 24_288, carries: 12_144, brams: 56, sprams: 0, dsps: 28 },
  bramBits: 18_432,
  clockHz: 50_000_000,
  baud: 1_000_000,
  pins: {},
};
