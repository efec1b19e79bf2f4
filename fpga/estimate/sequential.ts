import { type Graph, type GraphNode, prove } from '../../models/graph.js';
import type { Accumulate } from '../../models/ops/accumulate.js';
import type { Attend } from '../../models/ops/attend.js';
import { product } from '../../models/tensor.js';
import type { Board } from '../boards/board.js';
import { addressBits, isDepthwise, mostSpikes } from '../emit/constants.js';
import { type Datapath, type Sequential, scalesByMultipliers, sequential } from '../emit/sequential.js';
import { encodingOf, widths } from '../emit/steps.js';
import { multipliersOf } from '../project.js';
import { activityOf, additionsPerEvent, type Features, type Memory, type Terms } from './features.js';

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
      // Counters and addresses of the places, the window and the events; the accumulator's way to the map.
      control: of('COUNT') + of('A') + of('B') + of('C') + of('SUM') + of('PRODUCT'),
      program: programBits(engine),
      // An adder, what shifts or multiplies a weight for it, and the sum that is being finished.
      [`${datapath} lanes`]: lanes * (of('SUM') + of('WEIGHT')),
    },
    period: { design: 1, 'log2 lanes': Math.log2(lanes), [datapath]: 1, carry: Math.max(of('SUM'), of('B')) },
    cycles: [
      { pixels: product(graph.tensors['input']!.shape) },
      ...graph.nodes.map((node) =>
        cyclesOf(node, graph, { lanes, datapath, multipliers, framed: of('FRAMED') === 1 }),
      ),
    ],
    memories: memoriesOf(engine, graph),
    multipliers: multipliersOf(graph, board, { architecture: 'sequential', lanes, datapath }),
  };
}

/** Bits of the program that steps set, for as many steps as a look-up table of 4 inputs tells apart. */
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
    // Of each tensor and the whole frame: clocks, clocks a value waited, spikes.
    {
      name: 'layers',
      bits: 64 + addressBits(mostSpikes(graph) + 1),
      words: 2 ** addressBits(graph.nodes.length + 2),
    },
  ];
}

/** `framed`: the events of the frame are kept as it comes. */
type Engine = { lanes: number; datapath: Datapath; multipliers: boolean; framed: boolean };

/** Clocks around the scan of a window, and around the replay of a further block, of a value that passes, before a write. */
const AROUND = { window: 6.4, block: 5, pass: 3, scale: 7, serial: 5 };

/**
 * Clocks of a node. A window is scanned tap by tap; its events are added meanwhile for the first block of lanes and once
 * more for each further one. The sums of a block are finished while the next one is added: the slower of both counts.
 */
function cyclesOf(node: GraphNode, graph: Graph, engine: Engine): Terms {
  const outputs = product(graph.tensors[node.output]!.shape);
  switch (node.op) {
    case 'accumulate':
      // Pixels fire as they come.
      if (node === graph.nodes[0] && encodingOf(graph)) return { clocks: 1 };
      return { steps: 1, clocks: accumulateClocks(node, graph, engine) };
    case 'attend':
      return { steps: 2, clocks: attendClocks(node, graph, engine.datapath) };
    case 'fire':
      return { steps: 1, clocks: Math.max(AROUND.pass * outputs, comparisons(node.output, graph) + outputs) };
    case 'pool':
      return { steps: 1, clocks: outputs * (AROUND.window + product(node.kernel)) };
  }
}

function accumulateClocks(node: Accumulate, graph: Graph, engine: Engine): number {
  const { lanes, datapath, multipliers } = engine;
  const [height, width, channels] = graph.tensors[node.input]!.shape;
  const [rows, columns, out] = graph.tensors[node.output]!.shape;
  const depthwise = isDepthwise(node, graph);
  const covers = covered(rows, height, node, 0) * covered(columns, width, node, 1);
  const groups = depthwise ? Math.ceil(node.groups / lanes) : node.groups;
  const windows = rows * columns * groups;
  const blocks = depthwise ? 1 : Math.ceil(node.out / node.groups / lanes);
  const scanned = covers * channels + (rows * columns * product(node.kernel) - covers) * groups;
  const framed = engine.framed && isFirst(node, graph);
  const additions = covers * channels * eventsOf(node.input, graph, datapath);
  const adding =
    windows * (AROUND.window + AROUND.block * (blocks - 1)) +
    Math.max(framed ? 0 : scanned, additions) +
    (blocks - 1) * additions;
  const outputs = rows * columns * out;
  const scaling = multipliers ? AROUND.scale : AROUND.serial + multiplierBits(node, graph);
  const finishing = node.end.kind === 'fire' ? comparisons(node.output, graph) + outputs : outputs * scaling;
  return Math.max(adding, finishing);
}

/** Whether it takes the frame as it comes, or as it fires. */
const isFirst = (node: Accumulate, graph: Graph): boolean => node === graph.nodes[encodingOf(graph) ? 1 : 0];

/** k^T v: a window of all places for each channel; q (k^T v): one of all channels of a head for each place. */
function attendClocks(node: Attend, graph: Graph, datapath: Datapath): number {
  const [q, k, v] = node.inputs;
  const [rows, columns, channels] = graph.tensors[q]!.shape;
  const places = rows * columns;
  const each = graph.tensors[v]!.shape[2] / node.heads;
  const windows = channels + places * node.heads;
  const additions = channels * places * each * (eventsOf(k, graph, datapath) + eventsOf(q, graph, datapath));
  return windows * (AROUND.window + AROUND.block * each) + 2 * channels * places + additions;
}

/** Sum over the places of one axis of the kernel's taps that lie on the map. */
function covered(places: number, size: number, { kernel, stride, padding }: Accumulate, axis: 0 | 1): number {
  let taps = 0;
  for (let place = 0; place < places; place++) {
    const from = place * stride[axis] - padding[axis];
    taps += Math.max(0, Math.min(size, from + kernel[axis]) - Math.max(0, from));
  }
  return taps;
}

/** Additions per value of a tensor: its density times what an event takes. */
function eventsOf(name: string, graph: Graph, datapath: Datapath): number {
  const { levels = 127 } = graph.tensors[name]!;
  const { rate, density } = activityOf(name, graph);
  if (density === 0) return 0;
  return density * additionsPerEvent(datapath, levels, rate / density);
}

/** Thresholds are compared until one is not reached. */
const comparisons = (name: string, graph: Graph): number =>
  product(graph.tensors[name]!.shape) * (1 + activityOf(name, graph).rate);

/** Bits of the multiplier, one clock each; mean of the channels. */
function multiplierBits({ end }: Accumulate, graph: Graph): number {
  if (end.kind === 'fire') return 0;
  const multipliers = graph.data.get(end.multiplier)!;
  let bits = 0;
  for (const multiplier of multipliers) bits += 32 - Math.clz32(multiplier);
  return bits / multipliers.length;
}
