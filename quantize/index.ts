export type { Correction } from './correction.js';
export { type QuantizeOptions, quantize, type Rounding } from './quantize.js';
