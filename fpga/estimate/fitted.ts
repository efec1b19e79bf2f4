import type { Family } from '../parts.js';
import type { Terms } from './features.js';

/** Coefficients of an architecture's terms (features.ts). */
export type Fitted = {
  /** Of iCE40: look-up tables of 4 inputs, flip-flops, and logic cells once placed. */
  luts: Terms;
  flipFlops: Terms;
  cells: Terms;
  /** How many of its own each other family takes for one of iCE40's. */
  families: Partial<Record<Family, { luts: number; flipFlops: number }>>;
  /** ns of the slowest path, by the name that place-and-route has for the part. */
  period: Record<string, Terms>;
  /** Clocks. */
  cycles: Terms;
};
