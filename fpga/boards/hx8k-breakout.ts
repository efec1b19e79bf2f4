import type { Board } from './board.js';
import { iceprog } from './programmers.js';

/** Lattice's iCE40HX-8K breakout board: 12 MHz on J3, UART of the FTDI FT2232H on B10 and B12. */
export const hx8kBreakout: Board = {
  name: 'hx8k-breakout',
  title: 'Lattice iCE40HX-8K breakout board',
  family: 'ice40-hx',
  capacity: { luts: 7680, flipFlops: 7680, carries: 7680, brams: 32, sprams: 0, dsps: 0 },
  bramBits: 4096,
  clockHz: 12_000_000,
  baud: 1_000_000,
  nextpnr: { device: 'hx8k', package: 'ct256' },
  pins: { i_clk: 'J3', i_rx: 'B10', o_tx: 'B12' },
  programmer: { ...iceprog, args: ['-S', 'FILE'] },
};
