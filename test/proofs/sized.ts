import { createNet, type Graph } from '../../models/index.js';
import { graphLike, type Random, seeded } from '../support/random-graph.js';

/** Parameter counts of E-SpikeFormer, by their letters. */
export const sizes = ['t', 's', 'm', 'l'] as const;

/** E-SpikeFormer of a size at 224x224 with random constants, and the sequence that they were taken from. */
export function espikeformerLike(size: (typeof sizes)[number]): { graph: Graph; random: Random } {
  const random = seeded(1);
  const classes = Array.from({ length: 1000 }, (_, i) => String(i));
  const input = {
    shape: [224, 224, 3] as [number, number, number],
    mean: [0.5, 0.5, 0.5],
    std: [0.25, 0.25, 0.25],
  };
  return { graph: graphLike(createNet(`espikeformer-${size}`, input, classes, random), random), random };
}
