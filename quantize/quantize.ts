import { SpikeletError } from '../models/error.js';
import { definition, type Graph, prove } from '../models/graph.js';
import { toPixels } from '../models/interpret.js';
import { inputsOf, type Net, netDefinition, netShapes } from '../models/net.js';
import type { WeightBits } from '../models/ops/accumulate.js';
import { constantRange } from '../models/ops/op.js';
import { activityOf } from './activity.js';
import { requireQuantizable } from './budget.js';
import type { Fusion } from './fusion.js';
import { type FloatStatistics, floatStatistics } from './statistics.js';
import { fuse } from './structure.js';
import type { QuantizeOptions, Rounding, Work } from './work.js';

export type { QuantizeOptions, Rounding } from './work.js';

/** How far beyond the calibration images a residual stream may go before it saturates. */
const HEADROOM = 4;

const roundingOf = (bits: WeightBits): Rounding => (bits === 4 ? 'gptq' : 'nearest');

/**
 * Turns a Net into an integer Graph, layer by layer in order of execution; each layer is calibrated on the
 * integers that the layers before it give. `images` are normalised calibration images,
 * [row][column][channel]. Throws if there are none, or if the net has a node that spikes cannot carry.
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
    const node = item.build(work);
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
  // The largest normalised value that a pixel can have: with it at 127 nothing is ever clipped. Images that
  // were not made of u8 pixels may go beyond it.
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
    if (!netDefinition(node).sums) continue;
    for (const input of inputsOf(node))
      if (root(input) !== root(node.name)) parent.set(root(input), root(node.name));
  }
  const most = new Map<string, number>();
  for (const [name, value] of largest) most.set(root(name), Math.max(most.get(root(name)) ?? 0, value));
  return (name) => ((most.get(root(name)) || 1) * HEADROOM) / 32767;
}

function countReaders(fused: Fusion[]): Map<string, number> {
  const readers = new Map<string, number>();
  for (const item of fused) {
    for (const name of item.reads) readers.set(name, (readers.get(name) ?? 0) + 1);
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
