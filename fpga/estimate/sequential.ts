import { type Graph, type GraphNode, prove } from '../../models/graph.js';
import type { Accumulate } from '../../models/ops/accumulate.js';
import type { Attend } from '../../models/ops/attend.js';
import { product } from '../../models/tensor.js';
import { type Datapath, type Sequential, sequential } from '../emit/sequential.js';
import { widths } from '../emit/steps.js';
import { activityOf, additionsPerEvent, type Features, type Memory, type Terms } from './features.js';

/** The time-multiplexed core (rtl/spike_engine.v). `sprams`: what the part has of single-port RAM. */
export function sequentialFeatures(
  graph: Graph,
  { lanes, datapath, sprams }: { lanes: number; datapath: Datapath; sprams: number },
): Features {
  const engine = sequential(graph, prove(graph), { lanes, datapath, sprams });
  const { parameters: p } = engine as { parameters: Record<string, number> };
  const of = (name: string) => p[name] ?? 0;
  return {
    logic: {
      design: 1,
      // Counters and addresses of the places, the window and the events; the accumulator's way to the map.
      control: of('COUNT') + of('A') + of('B') + of('C') + of('SUM') + of('PRODUCT'),
      program: programBits(engine),
      // An adder, and what shifts or multiplies a weight for it.
      [`${datapath} lanes`]: lanes * (of('SUM') + of('WEIGHT')),
    },
    period: { design: 1, 'log2 lanes': Math.log2(lanes), [datapath]: 1, carry: Math.max(of('SUM'), of('B')) },
    cycles: [
      { pixels: product(graph.tensors['input']!.shape) },
      ...graph.nodes.map((node) => cyclesOf(node, graph, lanes, datapath)),
    ],
    memories: memoriesOf(engine, graph),
    multipliers: datapath === 'dsp' ? lanes : 0,
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
    { name: 'maps', bits: of('MAP'), words: of('MAP_WORDS'), huge: of('MAP_HUGE') === 1 },
    { name: 'weights', bits: word, words: of('WEIGHT_WORDS'), huge: of('WEIGHT_HUGE') === 1 },
    { name: 'constants', bits: constant, words: Math.max(1, program.constants.length) },
    { name: 'events', bits: of('VALUE') + of('B'), words: program.events },
    { name: 'frame', bits: 8, words: 2 ** Math.ceil(Math.log2(product(graph.tensors['input']!.shape))) },
    { name: 'layers', bits: 64, words: 2 ** Math.ceil(Math.log2(graph.nodes.length + 1)) },
  ];
}

/**
 * Clocks of a node, by what they are spent on. A window is scanned tap by tap; its events are added meanwhile for the
 * first block of lanes and once more for each further one; then each output ends.
 */
function cyclesOf(node: GraphNode, graph: Graph, lanes: number, datapath: Datapath): Terms {
  switch (node.op) {
    case 'accumulate':
      return accumulateCycles(node, graph, lanes, datapath);
    case 'attend':
      return attendCycles(node, graph, datapath);
    case 'fire': {
      const outputs = product(graph.tensors[node.output]!.shape);
      return {
        steps: 1,
        windows: outputs,
        scanned: outputs,
        outputs,
        comparisons: comparisons(node.output, graph),
      };
    }
    case 'pool': {
      const outputs = product(graph.tensors[node.output]!.shape);
      return { steps: 1, windows: outputs, scanned: outputs * product(node.kernel), outputs };
    }
  }
}

function accumulateCycles(node: Accumulate, graph: Graph, lanes: number, datapath: Datapath): Terms {
  const { shape, kind } = graph.tensors[node.input]!;
  const [height, width, channels] = shape;
  const [rows, columns, out] = graph.tensors[node.output]!.shape;
  const depth = channels / node.groups;
  const inside = covered(rows, height, node, 0) * covered(columns, width, node, 1) * node.groups;
  const outside = rows * columns * product(node.kernel) * node.groups - inside;
  const windows = rows * columns * node.groups;
  const blocks = Math.ceil(node.out / node.groups / lanes);
  const additions = inside * depth * eventsOf(node.input, graph, datapath);
  const scanned = inside * depth + outside;
  const adds = kind === 'pixels' ? 'pixel additions' : 'additions';
  const outputs = rows * columns * out;
  return {
    steps: 1,
    windows,
    scanned,
    [adds]: Math.max(0, additions - scanned) + (blocks - 1) * additions,
    blocks: windows * (blocks - 1),
    outputs,
    ...(node.end.kind === 'fire'
      ? { comparisons: comparisons(node.output, graph) }
      : { scales: outputs, 'scale bits': outputs * scaleBits(node, graph) }),
  };
}

/** k^T v: a window of all places for each channel; q (k^T v): one of all channels of a head for each place. */
function attendCycles(node: Attend, graph: Graph, datapath: Datapath): Terms {
  const [q, k, v] = node.inputs;
  const [rows, columns, channels] = graph.tensors[q]!.shape;
  const places = rows * columns;
  const each = graph.tensors[v]!.shape[2] / node.heads;
  const scanned = 2 * channels * places;
  const [first, second] = [channels, places * node.heads].map((windows) => windows * each) as [
    number,
    number,
  ];
  return {
    steps: 2,
    windows: channels + places * node.heads,
    scanned,
    additions: channels * places * each * (eventsOf(k, graph, datapath) + eventsOf(q, graph, datapath)),
    blocks: first + second - channels - places * node.heads,
    outputs: first + second,
    comparisons: comparisons(node.output, graph),
  };
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

/** Bits of the multiplier and of the shift, one clock each; mean of the channels. */
function scaleBits({ end }: Accumulate, graph: Graph): number {
  if (end.kind === 'fire') return 0;
  const multipliers = graph.data.get(end.multiplier)!;
  let bits = 0;
  for (const multiplier of multipliers) bits += 32 - Math.clz32(multiplier);
  return bits / multipliers.length + end.shift;
}
