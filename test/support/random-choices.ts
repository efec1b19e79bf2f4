import { type Choices, type Fetch, type Graph, packable } from '../../models/index.js';
import { fetchOptions } from '../../wasm/fetch.js';
import { layersOf } from '../../wasm/layers.js';
import type { Tier } from '../../wasm/tiers.js';
import { below, pick, type Random } from './random-graph.js';

/** Anything that a plan may choose, at random. */
export function randomChoices(graph: Graph, tier: Tier, random: Random): Choices {
  const packed = new Set([...packable(graph)].filter(() => random() < 0.5));
  const columns = new Map(
    graph.nodes
      .filter(() => random() < 0.6)
      .map((node) => [node.name, 1 + below(random, graph.tensors[node.output]!.shape[1])]),
  );
  const fetches = new Map<string, Fetch>();
  for (const [name, options] of fetchOptions(graph, tier, layersOf(graph, tier))) {
    const { pairs, tiles, tileBytes } = pick(random, options);
    const atOnce = 1 + below(random, tiles);
    if (random() < 0.7) fetches.set(name, { pairs, tiles: atOnce, bytes: atOnce * tileBytes });
  }
  return { packed, columns, fetches };
}
