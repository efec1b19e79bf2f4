import type { Graph } from '../../../models/graph.js';
import { type Accumulate, isAccumulate } from '../../../models/ops/accumulate.js';
import { product } from '../../../models/tensor.js';
import { isDepthwise, mostOf } from '../constants.js';
import type { Datapath } from '../datapaths.js';

/**
 * How a layer is folded: the number of outputs accumulated in parallel, the number of window values examined
 * in one clock (in a depthwise layer, the channels of the lanes), and whether its charge is computed by a
 * multiplier or bit by bit. Its reuse factor is the outputs of a group divided by the lanes.
 */
export type Folding = { lanes: number; pack: number; parallel: boolean };

/**
 * Foldings of all accumulating layers. The slowest layer gets as many lanes as the budget allows. Every other
 * layer gets as few as keep it no slower at the activity found in calibration, so that all take about equally
 * long.
 */
export function balance(
  graph: Graph,
  { lanes, datapath }: { lanes: number; datapath: Datapath },
): Map<string, Folding> {
  const layers = graph.nodes
    .filter(isAccumulate)
    .map((node) => ({ node, clocks: clocksOf(node, graph, datapath), sizes: sizesOf(node, graph, lanes) }));
  const target = Math.max(
    1,
    ...layers.map(({ clocks, sizes }) =>
      clocks({ lanes: sizes.lanes.at(-1)!, pack: sizes.pack.at(-1)!, parallel: true }),
    ),
  );
  return new Map(
    layers.map(({ node, clocks, sizes }) => {
      const within = (folding: Folding) => clocks(folding) <= target;
      const most = sizes.pack.at(-1)!;
      const depthwise = isDepthwise(node, graph);
      const fewest = sizes.lanes.find((n) =>
        within({ lanes: n, pack: depthwise ? n : most, parallel: true }),
      )!;
      const pack = depthwise
        ? fewest
        : sizes.pack.find((n) => within({ lanes: fewest, pack: n, parallel: true }))!;
      const serial = { lanes: fewest, pack, parallel: false };
      return [node.name, { ...serial, parallel: datapath === 'dsp' || !within(serial) }];
    }),
  );
}

const divisors = (n: number, most: number): number[] =>
  Array.from({ length: Math.min(n, most) }, (_, i) => i + 1).filter((d) => n % d === 0);

/** Possible numbers of lanes and packs: each must divide what it splits. */
function sizesOf(node: Accumulate, graph: Graph, most: number): { lanes: number[]; pack: number[] } {
  if (isDepthwise(node, graph)) {
    const both = divisors(node.groups, most);
    return { lanes: both, pack: both };
  }
  return {
    lanes: divisors(node.out / node.groups, most),
    pack: divisors(graph.tensors[node.input]!.shape[2] / node.groups, most),
  };
}

/** Assumed share of nonzero values if a graph was not calibrated. */
const DENSITY = 0.3;

/** Approximate clocks of a layer per frame: windows, sums and values are all processed in parallel. */
export function clocksOf(node: Accumulate, graph: Graph, datapath: Datapath): (folding: Folding) => number {
  const input = graph.tensors[node.input]!;
  const [rows, columns, out] = graph.tensors[node.output]!.shape;
  const pixels = input.kind === 'pixels';
  const density = input.activity?.density ?? (pixels ? 1 : DENSITY);
  const rate = input.activity?.rate ?? density * (pixels ? 40 : 2);
  const mean = rate / Math.max(density, 1e-9);
  const additions = { unary: Math.max(1, mean), popcount: pixels ? 3 : 1.25, dsp: 1 }[datapath];
  const taps = product(node.kernel) * (input.shape[2] / node.groups);
  const depthwise = isDepthwise(node, graph);
  const bits =
    node.end.kind === 'fire' ? 0 : Math.ceil(Math.log2(1 + mostOf(graph.data.get(node.end.multiplier)!)));
  return ({ lanes, pack, parallel }) => {
    const events = 1 + taps * density * additions;
    const fold = out / node.groups / lanes;
    const window = depthwise
      ? (node.groups / lanes) * (taps * additions + 2)
      : node.groups * (Math.max(taps / pack, events) + (fold - 1) * events + 2 * fold);
    const sums = out * (node.end.kind === 'fire' || parallel ? 1 : bits + 4);
    return Math.max(rows * columns * Math.max(window, sums), product(input.shape));
  };
}
