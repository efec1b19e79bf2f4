import type { Architecture } from '../emit/index.js';
import type { Fitted } from './fitted.js';

/** Written by `npm run bench -- explore fit`. */
export const fitted: Record<Architecture, Fitted> = {
  sequential: {
    luts: {
      design: 0,
      control: 5.128,
      program: 1.8246,
      'popcount lanes': 4.2019,
      'dsp lanes': 2.1288,
      'unary lanes': 3.2882,
    },
    flipFlops: {
      design: 0,
      control: 3.4658,
      program: 0.69538,
      'popcount lanes': 1.6706,
      'dsp lanes': 1.375,
      'unary lanes': 1.6572,
    },
    cells: 1.165,
    families: { xilinx7: { luts: 0.8376, flipFlops: 1.089 }, ecp5: { luts: 1.107, flipFlops: 1.206 } },
    period: { up5k: { design: 7.9213, 'log2 lanes': 0, popcount: 2.4838, carry: 1.1536, dsp: 0 } },
    cycles: { pixels: 1, steps: 3, clocks: 1 },
  },
  streaming: {
    luts: { cores: 1.3029 },
    flipFlops: { cores: 0.63277 },
    cells: 1.17,
    families: { xilinx7: { luts: 0.8376, flipFlops: 1.089 }, ecp5: { luts: 1.107, flipFlops: 1.206 } },
    period: {},
    cycles: { slowest: 1, fill: 1 },
  },
};
