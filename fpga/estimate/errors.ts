import type { Graph } from '../../models/graph.js';
import type { Architecture } from '../emit/index.js';

/** How far estimated look-up tables were from those of synthesised designs that no fit knew, in the words of a table's foot. */
const measured = {
  sequential: 'were off by 32 % on average',
  attention: 'of a net with attention were 61 % too high',
  streaming:
    'were 38 and 59 % too low: 1.6 and 2.4 times as many were measured; use --measure before you rely on one',
};

/** A line for each kind of design among those of `graphs`: what its estimates of logic are worth. */
export function knownErrors(architectures: ReadonlySet<Architecture>, graphs: Graph[]): string[] {
  const attends = graphs.some(({ nodes }) => nodes.some(({ op }) => op === 'attend'));
  const lines: [Architecture, string, boolean][] = [
    ['sequential', measured.sequential, true],
    ['sequential', measured.attention, attends],
    ['streaming', measured.streaming, true],
  ];
  return lines
    .filter(([architecture, , applies]) => applies && architectures.has(architecture))
    .map(([architecture, text]) => `~LUT of designs measured before, ${architecture}: estimates ${text}`);
}
