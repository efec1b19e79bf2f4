import type { Board } from './board.js';

/** Used on the Arty A7 and Basys 3. */
export const xc7a35t: Board = {
  name: 'xc7a35t',
  title: 'AMD Artix-7 35T (area only)',
  family: 'xilinx7',
  capacity: { luts: 20_800, flipFlops: 41_600, carries: 5200, brams: 50, sprams: 0, dsps: 90 },
  bramBits: 36_864,
  clockHz: 50_000_000,
  baud: 1_000_000,
  pins: {},
};
