import { z } from 'zod';
import { name, nodeSchema } from '../schema-parts.js';
import type { Shape } from '../tensor.js';
import { levelsOf } from './fire.js';
import { type OpDefinition, OpError, union } from './op.js';

/**
 * y[r][c][ch] = x[floor(r / factor)][floor(c / factor)][ch]
 *
 * Nearest neighbour: each place of a map of spikes becomes `factor` x `factor` places. Exact, with the levels
 * of its input.
 */
export type Upsample = { op: 'upsample'; name: string; input: string; output: string; factor: number };

/** The least and the largest factor. */
export const FACTORS = [2, 16] as const;

/** Why a factor is refused, if it is. */
export const wrongFactor = (factor: number): string | undefined =>
  Number.isInteger(factor) && factor >= FACTORS[0] && factor <= FACTORS[1]
    ? undefined
    : `factor must be a whole number from ${FACTORS.join(' to ')}, got ${factor}`;

/** Fills a map of `shape` with the values of a smaller one. */
export function repeatPlaces(
  x: ArrayLike<number>,
  output: { [at: number]: number },
  [rows, columns, channels]: Shape,
  factor: number,
): void {
  const width = columns / factor;
  let at = 0;
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) {
      const from = (Math.floor(r / factor) * width + Math.floor(c / factor)) * channels;
      for (let ch = 0; ch < channels; ch++) output[at++] = x[from + ch]!;
    }
}

export const upsample: OpDefinition<Upsample> = {
  schema: nodeSchema<Upsample>()({
    op: z.literal('upsample'),
    ...{ name, input: name, output: name, factor: z.int().min(FACTORS[0]).max(FACTORS[1]) },
  }),
  describe: ({ factor }) => `upsample ${factor}x`,
  equation: ({ input, factor }) => [`y[r][c][ch] = ${input}[r / ${factor}][c / ${factor}][ch]`],
  inputs: (node) => [node.input],
  reads: () => [['spikes']],
  writes: () => 'spikes',
  constants: () => [],
  shape({ factor }, [x]) {
    const wrong = wrongFactor(factor);
    if (wrong) throw new OpError(wrong);
    const [rows, columns, channels] = x!.shape;
    return [factor * rows, factor * columns, channels];
  },
  prove(node, graph, [x]) {
    const [from, to] = [levelsOf(graph, node.input), levelsOf(graph, node.output)];
    if (from !== to)
      throw new OpError(`repeats counts up to ${from}, '${node.output}' has levels up to ${to}`);
    return { output: x!, accumulator: union(x!) };
  },
  run: (node, graph, [x], output) => repeatPlaces(x!, output, graph.tensors[node.output]!.shape, node.factor),
  rows: ({ factor }, _graph, begin, end) => [[Math.floor(begin / factor), Math.ceil(end / factor)]],
  macs: () => 0,
  work: (node) => [node.input],
  repeats: true,
  planKey: ({ name: _, input: _i, output: _o, ...rest }) => rest,
  cost: () => 0,
};
