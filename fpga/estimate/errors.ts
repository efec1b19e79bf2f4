import type { Graph } from '../../models/graph.js';
import type { Architecture } from '../emit/index.js';
import { sequentialOp } from '../ops/index.js';

/** How far estimated look-up tables were from those of synthesised designs that no fit knew, in the words of a table's foot. */
const measured = {
  sequential: 'were off by 32 % on average',
  streaming:
    'were 38 and 59 % too low: 1.6 and 2.4 times as many were measured; use --measure before you rely on one',
};

/** A line for each kind of design among those of `graphs`: what its estimates of logic are worth. */
export function knownErrors(architectures: ReadonlySet<Architecture>, graphs: Graph[]): string[] {
  const ofOps = new Set(
    graphs.flatMap(({ nodes }) => nodes.flatMap((node) => sequentialOp(node).knownError ?? [])),
  );
  const lines: [Architecture, string][] = [
    ['sequential', measured.sequential],
    ...[...ofOps].map((text): [Architecture, string] => ['sequential', text]),
    ['streaming', measured.streaming],
  ];
  return lines
    .filter(([architecture]) => architectures.has(architecture))
    .map(([architecture, text]) => `~LUT of designs measured before, ${architecture}: estimates ${text}`);
}
