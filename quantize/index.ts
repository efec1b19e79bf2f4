export { type Correction, type QuantizeOptions, quantize, type Rounding } from './quantize.js';
