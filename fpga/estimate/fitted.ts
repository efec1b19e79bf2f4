import type { Family } from '../parts.js';
import type { Terms } from './features.js';

/** Coefficients of an architecture's terms (features.ts). */
export type Fitted = {
  /** Of iCE40: look-up tables of 4 inputs, and flip-flops. */
  luts: Terms;
  flipFlops: Terms;
  /** Logic cells of iCE40, once placed, for a look-up table. */
  cells: number;
  /** How many of its own each other family takes for one of iCE40's. */
  families: Partial<Record<Family, { luts: number; flipFlops: number }>>;
  /** ns of the slowest path, by the name that place-and-route has for the part. */
  period: Record<string, Terms>;
  /** Clocks. */
  cycles: Terms;
};
