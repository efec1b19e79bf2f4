import type { EstimateErrors } from './known-errors.js';

/** Written by `npm run bench -- explore fit`. */
export const errors: EstimateErrors = {
  sequential: {
    LUT: { designs: 14, mean: 0.32 },
    LC: { designs: 14, mean: 0.25 },
    cycles: { designs: 14, mean: 0.05 },
    MHz: { designs: 14, mean: 0.04 },
  },
  attention: { LUT: { designs: 1, mean: 0.61, worst: 0.61 } },
  streaming: { LUT: { designs: 2, mean: 0.3141, worst: -0.385 } },
};
