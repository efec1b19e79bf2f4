import type { Board } from './board.js';
import { iceprog } from './programmers.js';

/** Pins from the board's icebreaker.pcf: 12 MHz crystal, UART of the FTDI FT2232H. */
export const icebreaker: Board = {
  name: 'icebreaker',
  title: '1BitSquared iCEBreaker, iCE40UP5K',
  family: 'ice40',
  capacity: { luts: 5280, flipFlops: 5280, carries: 5280, brams: 30, sprams: 4, dsps: 8 },
  bramBits: 4096,
  clockHz: 24_000_000,
  // 12 MHz * 64 / 2^5.
  pll: { fromHz: 12_000_000, pad: true, divr: 0, divf: 63, divq: 5, filter: 1 },
  baud: 1_000_000,
  nextpnr: { device: 'up5k', package: 'sg48' },
  pins: { i_clk: '35', i_rx: '6', o_tx: '9' },
  programmer: iceprog,
};
