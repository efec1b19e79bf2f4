import { definition, type Graph, type GraphNode } from '../graph.js';
import { COST } from '../ops/cost.js';
import { product } from '../tensor.js';
import type { Choices, FetchOption } from './choices.js';

/**
 * Time in nanoseconds of a node that runs in `steps` steps. `option`: how its constants are cut, if they are
 * fetched.
 */
export function nodeTime(
  node: GraphNode,
  graph: Graph,
  choices: Choices,
  steps: number,
  option: FetchOption | undefined,
): number {
  const output = product(graph.tensors[node.output]!.shape);
  const fetch = choices.fetches.get(node.name);
  const groups = fetch && option ? Math.ceil(option.tiles / fetch.tiles) : 1;
  const packs = choices.packed.has(node.output) ? output * COST.count : 0;
  const fetches =
    option && fetch ? steps * (groups * COST.fetch + option.tiles * option.tileBytes * COST.byte) : 0;
  const common = steps * COST.step + packs + fetches + output * COST.value;
  return common + definition(node).cost(node, graph, { choices, groups, tiling: option?.cost ?? 1 });
}
