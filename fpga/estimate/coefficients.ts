import type { Architecture } from '../emit.js';
import type { Fitted } from './fitted.js';

/**
 * By eye, but for the factor of xilinx7, which is that of one design (mini, 8 lanes, popcount). `npm run bench:explore` prints
 * how far they are off, and with `-- fit` writes fitted ones here.
 */
export const fitted: Record<Architecture, Fitted> = {
  sequential: {
    luts: {
      design: 700,
      control: 8,
      program: 0.8,
      'popcount lanes': 6.4,
      'unary lanes': 5,
      'dsp lanes': 2.5,
    },
    flipFlops: {
      design: 400,
      control: 4,
      program: 0.3,
      'popcount lanes': 2.9,
      'unary lanes': 2.9,
      'dsp lanes': 2.9,
    },
    cells: 1.17,
    families: { xilinx7: { luts: 0.557, flipFlops: 0.866 } },
    period: { up5k: { design: 23, 'log2 lanes': 2, carry: 0.2, dsp: 0, popcount: 1 } },
    cycles: { pixels: 1, steps: 3, clocks: 1 },
  },
  streaming: {
    luts: { cores: 1 },
    flipFlops: { cores: 0.5 },
    cells: 1.17,
    families: { xilinx7: { luts: 0.557, flipFlops: 0.866 } },
    period: {},
    cycles: { slowest: 1, fill: 1 },
  },
};
