import type { Board } from './board.js';
import { openFpgaLoader } from './programmers.js';

/**
 * Version 3: 12 MHz from the FTDI FT232H on gpio_20 once jumper OSC is closed; a USB-UART adapter on gpio 47
 * and 2.
 */
export const upduino: Board = {
  name: 'upduino',
  title: 'UPduino 3, iCE40UP5K',
  family: 'ice40',
  capacity: { luts: 5280, flipFlops: 5280, carries: 5280, brams: 30, sprams: 4, dsps: 8 },
  bramBits: 4096,
  clockHz: 24_000_000,
  // 12 MHz * 64 / 2^5.
  pll: { fromHz: 12_000_000, pad: false, divr: 0, divf: 63, divq: 5, filter: 1 },
  baud: 1_000_000,
  nextpnr: { device: 'up5k', package: 'sg48' },
  pins: { i_clk: '20', i_rx: '47', o_tx: '2' },
  programmer: { ...openFpgaLoader, args: ['-b', 'upduino3', 'FILE'] },
};
