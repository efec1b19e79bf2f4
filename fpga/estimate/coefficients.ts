import type { Architecture } from '../emit/index.js';
import type { Fitted } from './fitted.js';

/** Written by `npm run bench -- explore fit`. */
export const fitted: Record<Architecture, Fitted> = {
  sequential: {
    luts: {
      design: 0,
      control: 10.035,
      program: 1.651,
      'popcount lanes': 2.972,
      'unary lanes': 0.91286,
      'dsp lanes': 0.91852,
    },
    flipFlops: {
      design: 0,
      control: 6.3007,
      program: 0.50609,
      'popcount lanes': 1.0276,
      'unary lanes': 0.85127,
      'dsp lanes': 0.52508,
    },
    cells: 1.145,
    families: { xilinx7: { luts: 0.6439, flipFlops: 0.9466 }, ecp5: { luts: 1.294, flipFlops: 1.321 } },
    period: { up5k: { design: 9.489, 'log2 lanes': 0, popcount: 2.078, carry: 1.115, dsp: 0 } },
    cycles: { pixels: 1, steps: 3, clocks: 1 },
  },
  streaming: {
    luts: { cores: 1.3258 },
    flipFlops: { cores: 0.67265 },
    cells: 1.17,
    families: { xilinx7: { luts: 0.6439, flipFlops: 0.9466 }, ecp5: { luts: 1.294, flipFlops: 1.321 } },
    period: {},
    cycles: { slowest: 1, fill: 1 },
  },
};
