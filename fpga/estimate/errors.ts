import type { EstimateErrors } from './known-errors.js';

/** Written by `npm run bench:explore -- fit`. */
export const errors: EstimateErrors = { sequential: {}, attention: {}, streaming: {} };
