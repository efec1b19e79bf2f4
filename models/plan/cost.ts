import { unknownOp } from '../error.js';
import type { Graph, GraphNode } from '../graph.js';
import { definition } from '../graph.js';
import { kernelOf } from '../ops/accumulate.js';
import { product } from '../tensor.js';
import type { Choices, FetchOption } from './choices.js';

/**
 * Time of a node in nanoseconds, as on one x86 core with vectors. Only differences between plans of one graph matter:
 * what it costs to fetch constants again for each band, to make streams again for each group of tiles, to pack.
 */
const COST = {
  /** Of a weight that a spike adds; of a product in the dense kernels; of a value that is compared or pooled. */
  event: 1 / 57,
  pixels: 1 / 40,
  depthwise: 1 / 25,
  grouped: 1,
  /** How much slower a depthwise layer is on packed counts. */
  unpacked: 2.2,
  attend: 1 / 20,
  value: 0.05,
  /** Of an input on its way into a stream; of a count packed or unpacked. */
  stream: 0.04,
  count: 0.03,
  step: 150,
  /** Of a fetch, and of each of its bytes. */
  fetch: 300,
  byte: 0.1,
};

const DENSITY = 0.3;

/** Time of a node that runs in `steps` steps. `option`: how its constants are cut, if they are fetched. */
export function nodeTime(
  node: GraphNode,
  graph: Graph,
  choices: Choices,
  steps: number,
  option: FetchOption | undefined,
): number {
  const inputs = definition(node).inputs(node);
  const macs = definition(node).macs(node, graph);
  const output = product(graph.tensors[node.output]!.shape);
  const x = graph.tensors[inputs[0]!]!;
  const density = x.activity?.density ?? DENSITY;
  const fetch = choices.fetches.get(node.name);
  const groups = fetch && option ? Math.ceil(option.tiles / fetch.tiles) : 1;
  const packs = choices.packed.has(node.output) ? output * COST.count : 0;
  const fetches =
    option && fetch ? steps * (groups * COST.fetch + option.tiles * option.tileBytes * COST.byte) : 0;
  const common = steps * COST.step + packs + fetches + output * COST.value;
  switch (node.op) {
    case 'fire':
    case 'pool':
      return common;
    case 'attend':
      return common + 2 * macs * density * COST.attend;
    case 'accumulate':
      break;
    default:
      return unknownOp(node, 'the planner');
  }
  const kernel = kernelOf(node, graph);
  if (kernel !== 'events') {
    const unpacks = choices.packed.has(inputs[0]!) && kernel === 'depthwise' ? COST.unpacked : 1;
    return common + macs * COST[kernel] * unpacks;
  }
  const rows = graph.tensors[node.output]!.shape[0];
  const held = choices.columns.get(node.name);
  // Streams of a part of a row overlap by the width of a window.
  const overlap = held ? 1 + (node.kernel[1] - 1) / (held * node.stride[1]) : 1;
  const values = rows * node.kernel[0] * x.shape[1] * x.shape[2] * groups * overlap;
  const unpacks = choices.packed.has(node.input) ? values * COST.count : 0;
  return common + macs * density * COST.event * (option?.cost ?? 1) + values * COST.stream + unpacks;
}
