import { type Graph, prove } from '../../models/graph.js';
import { product } from '../../models/tensor.js';
import type { Board } from '../boards/board.js';
import { addressBits, mostSpikes } from '../emit/constants.js';
import { type Datapath, type Sequential, scalesByMultipliers, sequential } from '../emit/sequential.js';
import { widths } from '../emit/steps.js';
import { sequentialOp } from '../ops/index.js';
import { multipliersOf } from '../project.js';
import type { Features, Memory } from './features.js';

/** The time-multiplexed core (rtl/spike_engine.v). */
export function sequentialFeatures(
  graph: Graph,
  board: Board,
  { lanes, datapath }: { lanes: number; datapath: Datapath },
): Features {
  const { sprams, dsps } = board.capacity;
  const multipliers = scalesByMultipliers(dsps, { lanes, datapath });
  const engine = sequential(graph, prove(graph), { lanes, datapath, sprams, multipliers });
  const { parameters: p } = engine as { parameters: Record<string, number> };
  const of = (name: string) => p[name] ?? 0;
  return {
    logic: {
      design: 1,
      // Counters and addresses of positions, window and events; the accumulator's path to the map.
      control: of('COUNT') + of('A') + of('B') + of('C') + of('SUM') + of('PRODUCT'),
      program: programBits(engine),
      // An adder, the logic that shifts or multiplies a weight for it, and the sum being finished.
      [`${datapath} lanes`]: lanes * (of('SUM') + of('WEIGHT')),
    },
    period: { design: 1, 'log2 lanes': Math.log2(lanes), [datapath]: 1, carry: Math.max(of('SUM'), of('B')) },
    cycles: [
      { pixels: product(graph.tensors['input']!.shape) },
      ...graph.nodes.map((node) =>
        sequentialOp(node).clocks(node, graph, { lanes, datapath, multipliers, framed: of('FRAMED') === 1 }),
      ),
    ],
    memories: memoriesOf(engine, graph),
    multipliers: multipliersOf(graph, board, { architecture: 'sequential', lanes, datapath }),
  };
}

/** Program bits that differ between steps, per 16 steps: as many as a 4-input look-up table tells apart. */
function programBits({ program, parameters }: Sequential): number {
  const bits = Object.entries(widths).reduce((sum, [name, width]) => {
    const values = new Set(program.steps.map(({ fields }) => fields[name as keyof typeof widths]));
    return values.size < 2
      ? sum
      : sum + (typeof width === 'number' ? Math.ceil(Math.log2(values.size)) : parameters[width]!);
  }, 0);
  return bits * Math.ceil(program.steps.length / 16);
}

function memoriesOf({ program, parameters, word, constant }: Sequential, graph: Graph): Memory[] {
  const of = (name: string) => parameters[name]!;
  return [
    ...(of('MAP_HUGE')
      ? [
          { name: 'maps', bits: Math.min(16, of('MAP')), words: of('MAP_WORDS'), huge: true },
          { name: 'wide maps', bits: Math.max(0, of('MAP') - 16), words: of('MAP_TOP') },
        ]
      : [{ name: 'maps', bits: of('MAP'), words: of('MAP_WORDS') }]),
    { name: 'weights', bits: of('WEIGHT_HUGE'), words: of('WEIGHT_WORDS'), huge: true },
    { name: 'weights beside', bits: word - of('WEIGHT_HUGE'), words: of('WEIGHT_WORDS') },
    { name: 'constants', bits: constant, words: Math.max(1, program.constants.length) },
    { name: 'events', bits: of('VALUE') + of('B'), words: program.events },
    { name: 'frame', bits: 8, words: 2 ** addressBits(product(graph.tensors['input']!.shape)) },
    // Counters per tensor and for the whole frame: clocks, clocks that a value waited, spikes.
    {
      name: 'layers',
      bits: 64 + addressBits(mostSpikes(graph) + 1),
      words: 2 ** addressBits(graph.nodes.length + 2),
    },
  ];
}
