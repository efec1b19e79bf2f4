import { SpikeletError } from '../models/error.js';
import {
  allocate,
  definition,
  type Graph,
  type GraphNode,
  type GraphTensor,
  prove,
} from '../models/graph.js';
import { toPixels } from '../models/interpret.js';
import { type Net, type NetConv, netShapes } from '../models/net.js';
import { type Accumulate, accumulatorRange, finish, type WeightBits } from '../models/ops/accumulate.js';
import { type ChannelRange, constantRange, union, type Values } from '../models/ops/op.js';
import { affineOf } from '../models/run.js';
import { product, type Shape } from '../models/tensor.js';
import { activityOf } from './activity.js';
import { requireQuantizable } from './budget.js';
import { type Correction, correct } from './correction.js';
import { currentsOf } from './currents.js';
import { inverseCholesky, secondMoments } from './moments.js';
import { scalingOf } from './scaling.js';
import { type FloatStatistics, floatStatistics, type Moments, momentsOf } from './statistics.js';
import { type Fused, fuse, readsOf } from './structure.js';
import { thresholdsOf } from './thresholds.js';
import { roundToNearest, roundWithGptq, weightScales } from './weights.js';

/** How weights are rounded: each to its nearest, or by GPTQ. */
export type Rounding = 'nearest' | 'gptq';

export type QuantizeOptions = {
  bits: WeightBits;
  /** Default `statistics`: mean and deviation of every channel as in the float network (batch norm re-estimation). */
  correction?: Correction;
  /** Default `nearest` at 8 and 6 bits, `gptq` at 4. */
  rounding?: Rounding;
  /** Told while the float network runs, which comes before the first layer. */
  onImage?: (done: number, images: number) => void;
  onLayer?: (name: string, done: number, layers: number) => void;
};

/** How far beyond the calibration images a residual stream may go before it saturates. */
const HEADROOM = 4;

/** Output positions that GPTQ looks at in each layer. */
const GPTQ_POSITIONS = 4096;

/** Accumulators of all calibration images that are held at a time; beyond that they are computed once more. */
const KEPT_BYTES = 2 ** 28;

const roundingOf = (bits: WeightBits): Rounding => (bits === 4 ? 'gptq' : 'nearest');

type EachCurrent = (visit: (current: Int32Array, image: number) => void) => void;

/** What grows while a Net is turned into a Graph, layer by layer. */
type Work = {
  net: Net;
  graph: Graph;
  options: Required<Omit<QuantizeOptions, 'onLayer' | 'onImage'>>;
  shapes: Map<string, Shape>;
  float: FloatStatistics;
  /** Real value of one unit of each residual stream, by any of its values' names. */
  streamUnit: (name: string) => number;
  ranges: Map<string, ChannelRange>;
  /** Integer values of the calibration images, by tensor. */
  samples: Map<string, Values[]>;
};

/**
 * Turns a Net into an integer Graph, layer by layer in order of execution; each layer is calibrated on the integers
 * that the layers before it really give. `images` are normalised calibration images, [row][column][channel].
 * Throws where there are none, or where the net has a node that spikes cannot carry.
 */
export function quantize(net: Net, images: Float32Array[], options: QuantizeOptions): Graph {
  if (!images.length)
    throw new SpikeletError(`net '${net.name}' cannot be calibrated on zero images`, {
      hint: 'give a dataset with training images',
    });
  if (images.some((image) => !image.every(Number.isFinite)))
    throw new SpikeletError('a calibration image holds NaN or infinity');
  const fused = fuse(net);
  requireQuantizable(net, images.length, options.rounding ?? roundingOf(options.bits));
  const float = floatStatistics(net, images, options.onImage);
  const work: Work = {
    net,
    graph: emptyGraph(net, images),
    options: { correction: 'statistics', rounding: roundingOf(options.bits), ...options },
    shapes: netShapes(net),
    float,
    streamUnit: streamUnits(net, float),
    ranges: new Map([['input', constantRange(net.input.shape[2], -127, 127)]]),
    samples: new Map(),
  };
  work.samples.set(
    'input',
    images.map((image) => toPixels(work.graph, image)),
  );
  const { tensors } = work.graph;
  tensors['input']!.activity = activityOf(work.samples.get('input')!);
  const readers = countReaders(fused);
  fused.forEach((item, i) => {
    const node = nodeOf(work, item);
    work.graph.nodes.push(node);
    const output = tensors[node.output]!;
    if (output.kind === 'spikes') output.activity = activityOf(work.samples.get(node.output)!);
    release(work, readers, definition(node).inputs(node));
    options.onLayer?.(node.name, i + 1, fused.length);
  });
  prove(work.graph);
  return work.graph;
}

function emptyGraph(net: Net, images: Float32Array[]): Graph {
  const { mean, std, shape } = net.input;
  // The largest normalised value that a pixel can have: with it at 127 nothing is ever clipped. Images that were not
  // made of u8 pixels may go beyond it.
  let largest = Math.max(...mean.flatMap((m, c) => [m / std[c]!, (1 - m) / std[c]!].map(Math.abs)));
  for (const image of images) for (const x of image) largest = Math.max(largest, Math.abs(x));
  return {
    name: net.name,
    classes: net.classes,
    input: { mean, std },
    tensors: { input: { kind: 'pixels', type: 'i8', shape, scale: largest / 127 } },
    nodes: [],
    data: new Map(),
    ...(net.frontEnd ? { frontEnd: net.frontEnd } : {}),
  };
}

/** All values that are added to each other share one unit; it leaves HEADROOM above the largest seen. */
function streamUnits(net: Net, { largest }: FloatStatistics): (name: string) => number {
  const parent = new Map<string, string>();
  const root = (name: string): string => {
    const up = parent.get(name);
    return up === undefined ? name : root(up);
  };
  for (const node of net.nodes) {
    if (node.op !== 'add') continue;
    for (const input of node.inputs)
      if (root(input) !== root(node.name)) parent.set(root(input), root(node.name));
  }
  const most = new Map<string, number>();
  for (const [name, value] of largest) most.set(root(name), Math.max(most.get(root(name)) ?? 0, value));
  return (name) => ((most.get(root(name)) || 1) * HEADROOM) / 32767;
}

function countReaders(fused: Fused[]): Map<string, number> {
  const readers = new Map<string, number>();
  for (const item of fused) {
    for (const name of readsOf(item)) readers.set(name, (readers.get(name) ?? 0) + 1);
  }
  return readers;
}

/** Forgets the calibration values that no later layer reads. */
function release(work: Work, readers: Map<string, number>, names: string[]): void {
  for (const name of names) {
    readers.set(name, readers.get(name)! - 1);
    if (readers.get(name) === 0) work.samples.delete(name);
  }
}

const spikes = (shape: Shape, levels: number, divisor: number): GraphTensor => ({
  kind: 'spikes',
  type: 'u8',
  shape,
  scale: 1 / divisor,
  levels,
});

function nodeOf(work: Work, item: Fused): GraphNode {
  const { graph, shapes } = work;
  switch (item.op) {
    case 'accumulate':
      return accumulateNode(work, item);
    case 'fire': {
      const { name, levels, divisor } = item.neuron;
      graph.tensors[name] = spikes(shapes.get(name)!, levels, divisor);
      const { lo, hi } = union(work.ranges.get(item.input)!);
      graph.data.set(`${name}.thresholds`, thresholdsOf(graph.tensors[item.input]!.scale, 0, levels, lo, hi));
      return run(work, {
        op: 'fire',
        name,
        input: item.input,
        output: name,
        thresholds: `${name}.thresholds`,
      });
    }
    case 'attend': {
      const { name, inputs, heads, scale } = item.attend;
      const { name: output, levels, divisor } = item.neuron;
      graph.tensors[output] = spikes(shapes.get(output)!, levels, divisor);
      const unit = inputs.reduce((all, input) => all * graph.tensors[input]!.scale, scale);
      const thresholds = `${output}.thresholds`;
      graph.data.set(thresholds, thresholdsOf(unit, 0, levels, 0, 2 ** 31 - 2));
      return run(work, { op: 'attend', name, inputs, output, heads, thresholds });
    }
    case 'pool': {
      const { name, input } = item.pool;
      const [rows, columns, channels] = graph.tensors[input]!.shape;
      const scale = graph.tensors[input]!.scale / (rows * columns);
      graph.tensors[name] = { kind: 'membrane', type: 'i32', shape: [1, 1, channels], scale };
      return run(work, { op: 'pool', name, input, output: name, kernel: [rows, columns], stride: [1, 1] });
    }
  }
}

/** Proves a finished node and computes its output for every calibration image. */
function run<N extends GraphNode>(work: Work, node: N): N {
  const op = definition(node);
  const inputs = op.inputs(node);
  work.ranges.set(
    node.output,
    op.prove(
      node,
      work.graph,
      inputs.map((name) => work.ranges.get(name)!),
    ).output,
  );
  const tensor = work.graph.tensors[node.output]!;
  const outputs = work.samples.get(inputs[0]!)!.map((_, i) => {
    const output = allocate(tensor);
    op.run(
      node,
      work.graph,
      inputs.map((name) => work.samples.get(name)![i]!),
      output,
    );
    return output;
  });
  work.samples.set(node.output, outputs);
  return node;
}

function accumulateNode(work: Work, { conv, end }: Extract<Fused, { op: 'accumulate' }>): Accumulate {
  const { graph, ranges } = work;
  const weights = `${conv.name}.weight`;
  const output =
    end.kind === 'fire' ? end.neuron.name : end.kind === 'charge' && end.add ? end.add.node.name : conv.name;
  const { bits } = work.options;
  const draft: Accumulate = {
    op: 'accumulate',
    name: conv.name,
    input: conv.input,
    output,
    out: conv.out,
    kernel: conv.kernel,
    stride: conv.stride,
    padding: conv.padding,
    groups: conv.groups,
    weights,
    bits,
    end: { kind: 'fire', thresholds: '' },
  };
  const shape = work.shapes.get(conv.name)!;
  graph.tensors[output] =
    end.kind === 'fire'
      ? spikes(shape, end.neuron.levels, end.neuron.divisor)
      : { kind: 'membrane', type: 'i16', shape, scale: work.streamUnit(output) };
  const { scale, offset } = quantizeWeights(work, draft, conv);
  const range = accumulatorRange(draft, graph, ranges.get(conv.input)!);
  const eachCurrent = currentsOfSamples(work, draft);
  if (work.options.correction !== 'none') {
    const integer: Moments[] = [];
    eachCurrent((current) => void integer.push(momentsOf(current, conv.out)));
    correct(work.options.correction, work.float.moments.get(conv.name)!, integer, scale, offset);
  }

  if (end.kind === 'fire') {
    const { levels } = end.neuron;
    const thresholds = new Int32Array(conv.out * levels);
    for (let o = 0; o < conv.out; o++)
      thresholds.set(thresholdsOf(scale[o]!, offset[o]!, levels, range.lo[o]!, range.hi[o]!), o * levels);
    graph.data.set(`${conv.name}.thresholds`, thresholds);
    draft.end = { kind: 'fire', thresholds: `${conv.name}.thresholds` };
  } else {
    const tensor = graph.tensors[output]!;
    if (end.kind === 'readout') {
      // One common unit, as fine as 30 bits allow.
      const largest = Math.max(
        ...scale.map((s, o) => s * Math.max(-range.lo[o]!, range.hi[o]!) + Math.abs(offset[o]!)),
      );
      graph.tensors[output] = { ...tensor, kind: 'logits', type: 'i32', scale: (largest || 1) / 2 ** 30 };
    }
    const unit = graph.tensors[output]!.scale;
    const perUnit = (values: Float64Array) => values.map((v) => v / unit);
    const scaling = scalingOf(
      conv.name,
      perUnit(scale),
      perUnit(offset),
      range,
      end.kind === 'readout' ? 0 : 30,
    );
    graph.data.set(`${conv.name}.multiplier`, scaling.multiplier);
    graph.data.set(`${conv.name}.bias`, scaling.bias);
    const keys = { multiplier: `${conv.name}.multiplier`, bias: `${conv.name}.bias`, shift: scaling.shift };
    draft.end =
      end.kind === 'readout'
        ? { kind: 'readout', ...keys }
        : { kind: 'charge', ...keys, ...(end.add ? { residual: end.add.residual } : {}), saturate: false };
  }
  return finishAccumulate(work, draft, eachCurrent);
}

/** Visits a layer's accumulators, image by image; keeps them for the next visit unless that takes too much memory. */
function currentsOfSamples(work: Work, node: Accumulate): EachCurrent {
  const samples = work.samples.get(node.input)!;
  const compute = currentsOf(node, work.graph);
  const bytes = 4 * product(work.graph.tensors[node.output]!.shape) * samples.length;
  const kept = bytes <= KEPT_BYTES ? samples.map(compute) : undefined;
  return (visit) => {
    samples.forEach((x, i) => void visit(kept?.[i] ?? compute(x), i));
  };
}

/** Proves the node, saturating the stream only where the proof needs it, and computes its outputs. */
function finishAccumulate(work: Work, node: Accumulate, eachCurrent: EachCurrent): Accumulate {
  const op = definition(node);
  const inputs = op.inputs(node);
  const ranges = inputs.map((name) => work.ranges.get(name)!);
  let proof = op.prove(node, work.graph, ranges);
  const { lo, hi } = union(proof.output);
  if (node.end.kind === 'charge' && (lo < -32768 || hi > 32767)) {
    node.end.saturate = true;
    proof = op.prove(node, work.graph, ranges);
  }
  work.ranges.set(node.output, proof.output);
  const residual =
    node.end.kind === 'charge' && node.end.residual ? work.samples.get(node.end.residual)! : [];
  const outputs: Values[] = [];
  eachCurrent((current, i) => {
    const output = allocate(work.graph.tensors[node.output]!);
    finish(node, work.graph, current, residual[i], output);
    outputs.push(output);
  });
  work.samples.set(node.output, outputs);
  return node;
}

/** PyTorch's [out, in / groups, rows, columns] as a Graph's [out][rows][columns][in / groups]. */
function graphLayout(w: Float32Array, conv: NetConv): Float32Array {
  const inputs = conv.in / conv.groups;
  const taps = product(conv.kernel);
  return w.map((_, at) => {
    const ci = at % inputs;
    const tap = Math.floor(at / inputs) % taps;
    const o = Math.floor(at / (inputs * taps));
    return w[(o * inputs + ci) * taps + tap]!;
  });
}

/**
 * Rounds a layer's weights into the Graph and returns what its accumulator means: y = scale * acc + offset per channel,
 * bias and batch norm included. A negative batch norm scale flips the weights' signs, so scale is never negative.
 */
function quantizeWeights(
  work: Work,
  node: Accumulate,
  conv: NetConv,
): { scale: Float64Array; offset: Float64Array } {
  const { net, graph, options } = work;
  const float = graphLayout(net.params.get(`${conv.name}.weight`)!.data as Float32Array, conv);
  const { scale: norm, offset } = affineOf(net, conv);
  const size = float.length / conv.out;
  const signed = float.map((w, i) => (norm[Math.floor(i / size)]! < 0 ? -w : w));
  const weightScale = weightScales(signed, conv.out, options.bits);
  const q =
    options.rounding === 'gptq'
      ? roundWithGptq(signed, weightScale, options.bits, inverseMoments(work, node, size))
      : roundToNearest(signed, weightScale, options.bits);
  graph.data.set(node.weights, q);
  const unit = graph.tensors[conv.input]!.scale;
  return { scale: norm.map((a, o) => Math.abs(a) * weightScale[o]! * unit), offset };
}

function inverseMoments(work: Work, node: Accumulate, size: number): Float64Array[] {
  const shapes = [work.shapes.get(node.input)!, work.shapes.get(node.name)!] as const;
  const moments = secondMoments(node, ...shapes, work.samples.get(node.input)!, GPTQ_POSITIONS);
  return moments.map((m) => inverseCholesky(m, size));
}
