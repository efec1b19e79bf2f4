import { type Graph, prove } from '../../models/graph.js';
import { type Accumulate, isAccumulate } from '../../models/ops/accumulate.js';
import { levelsOf } from '../../models/ops/fire.js';
import { product } from '../../models/tensor.js';
import type { Board } from '../boards/board.js';
import { bitsFor, mostOf } from '../emit/constants.js';
import type { Datapath } from '../emit/sequential.js';
import { balance, clocksOf, type Folding } from '../emit/streaming/balance.js';
import { edgesOf } from '../emit/streaming/edges.js';
import { streamBits, sumBits } from '../emit/streaming/layers.js';
import { streamingOp } from '../ops/index.js';
import { multipliersOf } from '../project.js';
import { activityOf, type Features, type Memory, type Terms } from './features.js';

type Design = { lanes: number; datapath: Datapath };

/** Number of words up to which rom.v and stream_fifo.v use logic. */
const [FEW_CONSTANTS, FEW_QUEUED] = [32, 4];

/**
 * Approximate look-up tables of the link, of a layer's counters and handshakes, of a scaled bit and (LANE) of
 * a bit of a lane.
 */
const [LINK, LAYER, SCALED] = [600, 120, 4];
const LANE: Record<Datapath, number> = { unary: 2, popcount: 3, dsp: 1.5 };

/**
 * A core per layer with FIFOs between them (emit/streaming). Throws a SpikeletError if a node does not have a
 * core.
 */
export function streamingFeatures(graph: Graph, board: Board, design: Design): Features {
  const ops = graph.nodes.map((node) => ({ node, comparators: streamingOp(node).comparators }));
  for (const node of graph.nodes) if (isAccumulate(node)) activityOf(node.input, graph);
  const proof = prove(graph);
  const foldings = balance(graph, design);
  const bits = (tensor: string) => streamBits(tensor, { graph, proof });
  const layers = graph.nodes.flatMap((node) =>
    isAccumulate(node) ? [{ node, folding: foldings.get(node.name)! }] : [],
  );
  const sums = (node: Accumulate) => sumBits(node, proof);
  const total = (of: (layer: { node: Accumulate; folding: Folding }) => number) =>
    layers.reduce((sum, layer) => sum + of(layer), 0);
  const scales = layers.filter(({ node }) => node.end.kind !== 'fire');
  return {
    // One sum, with its parts weighted by their approximate cost: too few designs are measured to fit them
    // separately.
    logic: {
      cores:
        LINK +
        LAYER * graph.nodes.length +
        total(({ node, folding }) => LANE[design.datapath] * folding.lanes * (sums(node) + node.bits)) +
        ops.reduce((sum, { node, comparators }) => sum + (comparators?.(node, graph, proof, bits) ?? 0), 0) +
        scales.reduce((sum, { node }) => sum + SCALED * productBits(node, proof), 0),
    },
    period: {
      design: 1,
      carry: Math.max(...layers.map(({ node }) => sums(node))),
      'log2 lanes': Math.log2(Math.max(...layers.map(({ folding }) => folding.lanes))),
      [design.datapath]: 1,
    },
    cycles: cyclesOf(graph, design, foldings),
    memories: memoriesOf(graph, proof, foldings, bits),
    multipliers: multipliersOf(graph, board, { architecture: 'streaming', ...design }),
  };
}

const productBits = ({ name }: Accumulate, proof: ReturnType<typeof prove>): number => {
  const range = proof.nodes.get(name)!.product!;
  return bitsFor(range.lo, range.hi);
};

/**
 * All layers work at the same time: a frame takes as long as the slowest layer, plus the time until each
 * layer has its first window.
 */
function cyclesOf(graph: Graph, { datapath }: Design, foldings: Map<string, Folding>): Terms[] {
  const clocks = graph.nodes.map((node) =>
    isAccumulate(node)
      ? clocksOf(node, graph, datapath)(foldings.get(node.name)!)
      : product(graph.tensors[node.output]!.shape),
  );
  const slowest = clocks.indexOf(Math.max(...clocks));
  return [
    {},
    ...graph.nodes.map((node, i): Terms => {
      const [rows] = graph.tensors[node.output]!.shape;
      const fill = clocks[i]! / rows;
      return i === slowest ? { slowest: clocks[i]! } : { fill };
    }),
  ];
}

function memoriesOf(
  graph: Graph,
  proof: ReturnType<typeof prove>,
  foldings: Map<string, Folding>,
  bits: (tensor: string) => number,
): Memory[] {
  const constants = (name: string, wide: number, words: number): Memory[] =>
    words > FEW_CONSTANTS ? [{ name, bits: wide, words }] : [];
  return [
    ...graph.nodes.flatMap((node): Memory[] => {
      if (!isAccumulate(node)) return [];
      const { lanes, pack } = foldings.get(node.name)!;
      const [height, columns, channels] = graph.tensors[node.input]!.shape;
      const taps = product(node.kernel) * (channels / node.groups);
      const ring = Math.min(node.kernel[0], height) * columns * (channels / pack);
      const blocks = node.out / lanes;
      const end =
        node.end.kind === 'fire'
          ? constants('thresholds', levelsOf(graph, node.output) * sumBits(node, proof), node.out)
          : constants(
              'scales',
              productBits(node, proof) +
                Math.ceil(Math.log2(1 + mostOf(graph.data.get(node.end.multiplier)!))),
              node.out,
            );
      return [
        { name: 'window', bits: pack * bits(node.input), words: ring },
        ...constants('weights', lanes * node.bits, taps * blocks),
        ...end,
      ];
    }),
    ...edgesOf(graph).flatMap(({ tensor, depth }): Memory[] =>
      depth > FEW_QUEUED ? [{ name: 'queue', bits: bits(tensor), words: depth }] : [],
    ),
    { name: 'frame', bits: 8, words: 2 ** Math.ceil(Math.log2(product(graph.tensors['input']!.shape))) },
  ];
}
