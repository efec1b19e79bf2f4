import type { FetchOption, Graph } from '../models/index.js';
import { type Accumulate, isAccumulate } from '../models/ops/accumulate.js';
import { levelsOf } from '../models/ops/fire.js';
import { align } from '../models/plan/place.js';
import type { Layer } from './layer.js';
import type { Tier } from './tiers.js';
import { isTiled, type TiledKernel, tilesOf } from './weights.js';

/**
 * In what parts the constants of each node can be fetched, by its name: tiles of one to four pairs of lanes
 * for events, the kernel's tiles else. `layers` of the graph's nodes; their `cost` is relative to the fastest
 * tile's.
 */
export function fetchOptions(graph: Graph, tier: Tier, layers: Layer[]): Map<string, FetchOption[]> {
  return new Map(
    graph.nodes.flatMap((node, i) => {
      const layer = layers[i]!;
      if (!isAccumulate(node)) return [];
      const { kernel } = layer;
      const { tiles, blockBytes } = layer.constants;
      if (!isTiled(kernel)) return [[node.name, [{ pairs: 1, tiles, tileBytes: blockBytes, cost: 1 }]]];
      return [[node.name, optionsOf(node, graph, tier, kernel, layer)]];
    }),
  );
}

function optionsOf(
  node: Accumulate,
  graph: Graph,
  tier: Tier,
  kernel: TiledKernel,
  layer: Layer,
): FetchOption[] {
  const inputs = (graph.data.get(node.weights)!.length / node.out) | 0;
  const thresholdBytes = layer.types['T'] === 'i16' ? 2 : 4;
  const choices = tilesOf(node.out, tier, kernel);
  const least = Math.min(...choices.map(({ cost }) => cost));
  return choices.map(({ pair, pairs, tiles, cost }) => {
    const outputs = pair * pairs;
    const ends =
      node.end.kind === 'fire'
        ? align(levelsOf(graph, node.output) * outputs * thresholdBytes)
        : 2 * align(4 * outputs);
    return { pairs, tiles, tileBytes: align(inputs * outputs) + ends, cost: cost / least };
  });
}
