import type { FetchOption, Graph } from '../../models/index.js';
import type { Accumulate } from '../../models/ops/accumulate.js';
import { levelsOf } from '../../models/ops/fire.js';
import type { Tier } from '../assemblyscript.js';
import type { Layer } from './layers.js';
import { pairsOf } from './weights.js';

const align = (bytes: number): number => Math.ceil(bytes / 16) * 16;

/**
 * In what parts the constants of each node can be fetched, by its name: tiles of one to four pairs of lanes where the
 * kernel has tiles, else all of them. `layers` of the graph's nodes; their `cost` is relative to the fastest tile's.
 */
export function fetchOptions(graph: Graph, tier: Tier, layers: Layer[]): Map<string, FetchOption[]> {
  return new Map(
    graph.nodes.flatMap((node, i) => {
      const layer = layers[i]!;
      if (node.op !== 'accumulate') return [];
      if (layer.kernel !== 'events')
        return [[node.name, [{ pairs: 1, tiles: 1, tileBytes: layer.constants.blockBytes, cost: 1 }]]];
      return [[node.name, tilesOf(node, graph, tier, layer)]];
    }),
  );
}

function tilesOf(node: Accumulate, graph: Graph, tier: Tier, layer: Layer): FetchOption[] {
  const inputs = (graph.data.get(node.weights)!.length / node.out) | 0;
  const thresholdBytes = layer.types.at(-1) === 'i16' ? 2 : 4;
  const fastest = pairsOf(node.out, tier);
  return [1, 2, 3, 4].map((pairs) => {
    const { pair, tiles, cost } = pairsOf(node.out, tier, pairs);
    const outputs = pair * pairs;
    const ends =
      node.end.kind === 'fire'
        ? align(levelsOf(graph, node.output) * outputs * thresholdBytes)
        : 2 * align(4 * outputs);
    return { pairs, tiles, tileBytes: align(inputs * outputs) + ends, cost: cost / fastest.cost };
  });
}
