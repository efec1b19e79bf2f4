import type { Board } from './board.js';

/** Used on the Tang Nano 9K. Its 20 multipliers are omitted: yosys' `synth_gowin` uses none of them. */
export const gw1nr9: Board = {
  name: 'gw1nr-9',
  title: 'Gowin GW1NR-9 (area only)',
  family: 'gowin',
  capacity: { luts: 8640, flipFlops: 6480, carries: 8640, brams: 26, sprams: 0, dsps: 0 },
  bramBits: 18_432,
  clockHz: 50_000_000,
  baud: 1_000_000,
  pins: {},
};
