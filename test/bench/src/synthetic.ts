import {
  crc32,
  initialParams,
  inputsOf,
  type Net,
  type NetNode,
  type NetValue,
  netShapes,
  nodeRunner,
  writeNet,
} from '../../../dist/models/index.js';
import { type Builder, type ConvOptions, conv, head, neuron } from '../../../dist/models/zoo/blocks.js';
import type { Workload } from './workload.js';

const SIDE = 28;
const [NARROW, WIDE] = [96, 384];
const IMAGES = 3;

/**
 * A net in which every neuron has a wanted density: random weights, and batch norms that give the input of a
 * neuron deviation 1 in every channel and a mean `z` above the threshold of its first spike. It has the
 * shapes that a transformer network spends its time in: 1x1, depthwise and 3x3, without residual streams.
 */
export function syntheticNet(name: string, z: number): Workload {
  const random = generator();
  const b: Builder = { nodes: [], levels: 4 };
  const layer = (input: string, i: number, options: ConvOptions) => {
    const sum = conv(b, input, { conv: `conv${i}`, bn: `bn${i}` }, options);
    return neuron(b, sum, `neuron${i}`);
  };
  let x = layer('input', 0, { in: 3, out: NARROW, kernel: 3 });
  x = layer(x, 1, { in: NARROW, out: WIDE });
  x = layer(x, 2, { in: WIDE, out: WIDE, kernel: 3, groups: WIDE });
  x = layer(x, 3, { in: WIDE, out: NARROW });
  x = layer(x, 4, { in: NARROW, out: WIDE, kernel: 3 });
  x = layer(x, 5, { in: WIDE, out: NARROW, kernel: 3 });
  x = conv(b, x, { conv: 'conv6', bn: 'bn6' }, { in: NARROW, out: NARROW });
  head(b, x, { pool: 'pool', neuron: 'spike', linear: 'head' }, { channels: NARROW, classes: 10 });
  const net: Net = {
    name,
    input: { shape: [SIDE, SIDE, 3], mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
    nodes: b.nodes,
    classes: Array.from({ length: 10 }, (_, i) => String(i)),
    params: initialParams(b.nodes, random),
  };
  const inputs = Array.from({ length: IMAGES }, () =>
    Float32Array.from({ length: SIDE * SIDE * 3 }, () => (random() - 0.5) * 4),
  );
  calibrate(net, inputs[0]!, z);
  return { name, net, crc: crc32(writeNet(net)), inputs, calibration: inputs };
}

/** Uniform in 0..1, the same every time. */
function generator(): () => number {
  let state = 1;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

/** Half a unit is where the neuron's rounding gives its first spike. */
const FIRST_SPIKE = 0.5;

/** Layer by layer, so that each sees the spikes of those before as they will be. */
function calibrate(net: Net, image: Float32Array, z: number): void {
  const shapes = netShapes(net);
  const values = new Map<string, NetValue>([['input', { shape: net.input.shape, data: image, unit: 1 }]]);
  const run = (node: NetNode) =>
    nodeRunner(net, node, shapes)(inputsOf(node).map((name) => values.get(name)!));
  for (const node of net.nodes) {
    if (node.op === 'conv' && node.bn) standardise(net, node.bn, run(node), z);
    values.set(node.name, run(node));
  }
}

function standardise(net: Net, bn: string, { data }: NetValue, z: number): void {
  const of = (part: string) => net.params.get(`${bn}.${part}`)!.data as Float32Array;
  const [bias, mean, variance] = [of('bias'), of('running_mean'), of('running_var')];
  const channels = bias.length;
  for (let c = 0; c < channels; c++) {
    const seen = Float64Array.from({ length: data.length / channels }, (_, i) => data[i * channels + c]!);
    mean[c] = seen.reduce((sum, x) => sum + x, 0) / seen.length;
    variance[c] = seen.reduce((sum, x) => sum + (x - mean[c]!) ** 2, 0) / seen.length;
    bias[c] = FIRST_SPIKE + z;
  }
}
