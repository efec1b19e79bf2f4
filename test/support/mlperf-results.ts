import type { Graph } from '../../models/index.js';

/** Roots of a half, 2^(-1/2), 2^(-1/4) and so on, in units of 2^-16. */
const roots = Array.from({ length: 16 }, (_, i) => Math.round(2 ** (16 - 2 ** -(i + 1))));

/** Softmax of a graph's logits in floating point. */
export function probabilities(graph: Graph, logits: Int32Array): number[] {
  const { scale } = graph.tensors[graph.nodes.at(-1)!.output]!;
  const best = Math.max(...logits);
  const odds = [...logits].map((logit) => Math.exp((logit - best) * scale));
  const sum = odds.reduce((a, b) => a + b);
  return odds.map((value) => value / sum);
}

/** The thousandths that firmware-gen/shell/softmax.c sends for these logits, to the last. */
export function thousandths(graph: Graph, logits: Int32Array): number[] {
  const { scale } = graph.tensors[graph.nodes.at(-1)!.output]!;
  const octave = Math.min(Math.max(Math.round(Math.LN2 / scale), 1), 2 ** 31 - 1);
  const best = logits.indexOf(Math.max(...logits));
  const odds = [...logits].map((logit) => {
    const below = logits[best]! - logit;
    const halvings = Math.floor(below / octave);
    if (halvings > 16) return 0;
    // The binary digits of the fraction, the first at the root of one half.
    const digits = Math.floor(((below % octave) * 2 ** 16) / octave);
    const times = (product: number, root: number, i: number) =>
      digits & (1 << (15 - i)) ? Math.floor((product * root) / 2 ** 16) : product;
    return roots.reduce(times, 65536) >> halvings;
  });
  const sum = odds.reduce((a, b) => a + b);
  return odds.map((value, i) => {
    const down = Math.floor((1000 * value) / sum);
    return i === best ? Math.min(down + 1, 1000) : down;
  });
}

/** The line of results that MLPerf Tiny's runners read. */
export const resultsLine = (values: number[]): string =>
  `m-results-[${values.map((value) => (value / 1000).toFixed(3)).join(',')}]`;
