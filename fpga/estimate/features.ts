import { SpikeletError } from '../../models/error.js';
import type { Activity, Graph } from '../../models/graph.js';
import { ones } from '../../models/ops/counts.js';
import type { Datapath } from '../emit/datapaths.js';

/** A memory of a design: its contents, width and depth. `huge`: in the single-port RAM of iCE40 UltraPlus. */
export type Memory = { name: string; bits: number; words: number; huge?: boolean };

/** Terms by name. An estimate is their sum, each times a coefficient that was fitted to measured designs. */
export type Terms = Record<string, number>;

/** What is known about a design before it is synthesised. */
export type Features = {
  /** Terms of look-up tables, flip-flops and logic cells. */
  logic: Terms;
  /** Terms of the clock period. */
  period: Terms;
  /** Terms of the clocks: first the arrival of the frame, then each node of the graph. */
  cycles: Terms[];
  memories: Memory[];
  /** Products that use hardware multipliers, on a part that has them. */
  multipliers: number;
};

/** Sum of terms times coefficients; a term without a coefficient counts as 0. */
export const sumOf = (terms: Terms, coefficients: Terms): number =>
  Object.entries(terms).reduce((sum, [name, value]) => sum + value * (coefficients[name] ?? 0), 0);

/** A tensor's activity on the calibration images. Throws a SpikeletError if the graph was not calibrated. */
export function activityOf(name: string, graph: Graph): Activity {
  const { activity } = graph.tensors[name]!;
  if (activity) return activity;
  throw new SpikeletError(`graph '${graph.name}' does not tell how often '${name}' fires`, {
    hint: "its clocks depend on it; 'spikelet quantize' writes graphs that tell",
  });
}

/**
 * Mean additions of an event whose count is in 1..levels and has this mean. Assumes the maximum entropy
 * distribution, which falls or rises geometrically.
 */
export function additionsPerEvent(datapath: Datapath, levels: number, mean: number): number {
  if (datapath === 'dsp') return 1;
  if (datapath === 'unary') return mean;
  const counts = Array.from({ length: levels }, (_, i) => i + 1);
  const expected = (ratio: number, of: (count: number) => number) => {
    const weights = counts.map((count) => ratio ** count);
    const sum = weights.reduce((a, b) => a + b, 0);
    return counts.reduce((total, count, i) => total + (of(count) * weights[i]!) / sum, 0);
  };
  let [low, high] = [1e-6, 1e6];
  for (let i = 0; i < 60; i++) {
    const middle = Math.sqrt(low * high);
    if (expected(middle, (count) => count) < mean) low = middle;
    else high = middle;
  }
  return expected(low, ones);
}
