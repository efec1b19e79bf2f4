import type { Family } from '../parts.js';
import type { Terms } from './features.js';

/** Coefficients of an architecture's terms (features.ts). */
export type Fitted = {
  /** Of iCE40: 4-input look-up tables and flip-flops. */
  luts: Terms;
  flipFlops: Terms;
  /** iCE40 logic cells per look-up table, after placement. */
  cells: number;
  /** Resources that each other family takes, relative to iCE40. */
  families: Partial<Record<Family, { luts: number; flipFlops: number }>>;
  /** ns of the slowest path, by the part's name in place-and-route. */
  period: Record<string, Terms>;
  /** Clocks. */
  cycles: Terms;
};
