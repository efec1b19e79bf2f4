import { SpikeletError } from '../../models/error.js';
import type { Activity, Graph } from '../../models/graph.js';
import { ones } from '../../models/ops/counts.js';
import type { Datapath } from '../emit/datapaths.js';

/** A memory of a design: what it holds, words of so many bits; `huge`: in the single-port RAM of iCE40 UltraPlus. */
export type Memory = { name: string; bits: number; words: number; huge?: boolean };

/** Terms by name: what is estimated is their sum, each times a coefficient that was fitted to measured designs. */
export type Terms = Record<string, number>;

/** What an architecture tells of a design before it is synthesised. */
export type Features = {
  /** Of look-up tables, flip-flops and logic cells. */
  logic: Terms;
  /** Of the clock's period. */
  period: Terms;
  /** Of clocks: the frame's arrival first, then of each node of the graph. */
  cycles: Terms[];
  memories: Memory[];
  /** Products that a part with multipliers computes in them. */
  multipliers: number;
};

/** Sum of terms times coefficients; a term without one counts nothing. */
export const sumOf = (terms: Terms, coefficients: Terms): number =>
  Object.entries(terms).reduce((sum, [name, value]) => sum + value * (coefficients[name] ?? 0), 0);

/** What a tensor did on the calibration images. Throws a SpikeletError where the graph was not calibrated. */
export function activityOf(name: string, graph: Graph): Activity {
  const { activity } = graph.tensors[name]!;
  if (activity) return activity;
  throw new SpikeletError(`graph '${graph.name}' does not tell how often '${name}' fires`, {
    hint: "its clocks depend on it; 'spikelet quantize' writes graphs that tell",
  });
}

/**
 * Mean additions of an event whose count lies in 1..levels with this mean: by the distribution of most entropy, which
 * falls or rises geometrically.
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
