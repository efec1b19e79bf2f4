import type { Programmer } from './board.js';

export const iceprog: Programmer = {
  program: 'iceprog',
  args: ['FILE'],
  install: 'apt-get install fpga-icestorm',
};

export const openFpgaLoader: Programmer = {
  program: 'openFPGALoader',
  args: ['FILE'],
  install: 'apt-get install openfpgaloader',
};
