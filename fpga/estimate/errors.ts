import type { EstimateErrors } from './known-errors.js';

/** Written by `npm run bench -- explore fit`. */
export const errors: EstimateErrors = {
  sequential: {
    LUT: { designs: 11, mean: 0.2305, worst: 0.725 },
    LC: { designs: 4, mean: 0.3542, worst: 0.674 },
    cycles: { designs: 5, mean: 0.04225, worst: -0.087 },
    MHz: { designs: 4, mean: 0.2196, worst: 0.385 },
  },
  attention: { LUT: { designs: 2, mean: 0.1116, worst: 0.222 } },
  streaming: {
    LUT: { designs: 5, mean: 0.2817, worst: 0.553 },
    cycles: { designs: 3, mean: 0.1363, worst: 0.251 },
  },
};
