import { lastReads, requireAffordable, type Use } from './budget.js';
import { SpikeletError, unknownOp } from './error.js';
import { netMacs } from './macs.js';
import {
  BN_EPSILON,
  inputsOf,
  type Net,
  type NetAttend,
  type NetConv,
  type NetNeuron,
  type NetNode,
  netShapes,
  paramBytes,
} from './net.js';
import { product, type Shape } from './tensor.js';

/**
 * One value of a Net while it runs, [row][column][channel]. Spikes are counts; what they mean is count * unit.
 */
export type NetValue = { shape: Shape; data: Float64Array | Float32Array | Uint8Array; unit: number };

/** Computes one node from its inputs, into memory that is used again. */
export type NodeRunner = (inputs: NetValue[]) => NetValue;

/** round(x), halves to the even neighbour, as torch and IEEE 754 do. */
export const roundHalfEven = (x: number): number => {
  const up = Math.round(x);
  return up - x === 0.5 && up % 2 !== 0 ? up - 1 : up;
};

/** The SFA neuron's spike count: round_half_even(clip(x, 0, levels)). */
export const spikeCount = (x: number, levels: number): number =>
  roundHalfEven(Math.min(Math.max(x, 0), levels));

/** Per-channel y = scale * conv + offset of a conv with bias and batch norm (running statistics). */
export function affineOf(net: Net, node: NetConv): { scale: Float64Array; offset: Float64Array } {
  const values = (name: string) => net.params.get(name)!.data as Float32Array;
  const scale = new Float64Array(node.out).fill(1);
  const offset = node.bias ? Float64Array.from(values(`${node.name}.bias`)) : new Float64Array(node.out);
  if (node.bn) {
    const [weight, bias] = [values(`${node.bn}.weight`), values(`${node.bn}.bias`)];
    const [mean, variance] = [values(`${node.bn}.running_mean`), values(`${node.bn}.running_var`)];
    for (let o = 0; o < node.out; o++) {
      scale[o] = weight[o]! / Math.sqrt(variance[o]! + BN_EPSILON);
      offset[o] = (offset[o]! - mean[o]!) * scale[o]! + bias[o]!;
    }
  }
  return { scale, offset };
}

/**
 * Prepares a float run of a Net for images of one shape. The result runs one normalised image, [row][column][channel],
 * and returns the logits; `onNode` sees every node's value as it is computed (valid only during the call).
 * Sums are float64, so the result does not depend on their order; zero inputs are skipped, so spikes make it fast.
 */
export function netRunner(
  net: Net,
  shape: Shape = net.input.shape,
): (
  image: Float32Array,
  onNode?: (node: NetNode, value: NetValue, inputs: NetValue[]) => void,
) => Float64Array {
  const shapes = netShapes(net, shape);
  requireRunnable(net, shape);
  const memory = sharedMemory(usesOf(net, shapes));
  const runners = net.nodes.map((node, i) => nodeRunner(net, node, shapes, memory[i]));
  return (image, onNode) => {
    if (image.length !== product(shape))
      throw new SpikeletError(
        `net '${net.name}' takes ${shape.join(' x ')} = ${product(shape)} values, not ${image.length}`,
      );
    const values = new Map<string, NetValue>([['input', { shape, data: image, unit: 1 }]]);
    net.nodes.forEach((node, i) => {
      const inputs = inputsOf(node).map((name) => values.get(name)!);
      const value = runners[i]!(inputs);
      values.set(node.name, value);
      onNode?.(node, value, inputs);
    });
    return Float64Array.from(values.get(net.nodes.at(-1)!.name)!.data);
  };
}

/** Bytes that the value of a node takes: counts are u8, everything else float64. */
const valueBytes = (node: NetNode, shape: Shape): number => (node.op === 'neuron' ? 1 : 8) * product(shape);

function usesOf(net: Net, shapes: Map<string, Shape>): Use[] {
  return net.nodes.map((node) => {
    const shape = shapes.get(node.name)!;
    // k^T v of every head.
    const working = node.op === 'attend' ? 8 * shapes.get(node.inputs[0])![2] * (shape[2] / node.heads) : 0;
    return { output: node.name, inputs: inputsOf(node), bytes: valueBytes(node, shape), working };
  });
}

/** Throws a SpikeletError where running the Net would take more memory or time than its weights justify. */
export function requireRunnable(net: Net, shape: Shape = net.input.shape): void {
  const shapes = netShapes(net, shape);
  requireAffordable(`net '${net.name}'`, usesOf(net, shapes), {
    input: 4 * product(shape),
    weightBytes: paramBytes(net),
    macs: net.nodes.reduce((sum, node) => sum + netMacs(node, shapes), 0),
  });
}

/** Memory for each node's value, shared by values that are never alive together. */
function sharedMemory(uses: Use[]): ArrayBuffer[] {
  const sizes: number[] = [];
  const free: number[] = [];
  const slots = new Map<string, number>();
  lastReads(uses).forEach((freed, i) => {
    const { output, bytes } = uses[i]!;
    // The smallest that is large enough, else the largest there is, made larger.
    free.sort((a, b) => sizes[a]! - sizes[b]!);
    const enough = free.findIndex((slot) => sizes[slot]! >= bytes);
    const [slot = sizes.length] = free.splice(enough, 1);
    sizes[slot] = Math.max(sizes[slot] ?? 0, bytes);
    slots.set(output, slot);
    for (const name of freed) if (slots.has(name)) free.push(slots.get(name)!);
  });
  const memory = sizes.map((bytes) => new ArrayBuffer(bytes));
  return uses.map(({ output }) => memory[slots.get(output)!]!);
}

/**
 * Prepares one node, `shapes` being those of every value (netShapes). Its value lies in `memory`: by default of its own,
 * else of at least as many bytes as the value has.
 */
export function nodeRunner(
  net: Net,
  node: NetNode,
  shapes: Map<string, Shape>,
  memory = new ArrayBuffer(valueBytes(node, shapes.get(node.name)!)),
): NodeRunner {
  const shape = shapes.get(node.name)!;
  if (node.op === 'neuron') return neuronRunner(node, shape, new Uint8Array(memory, 0, product(shape)));
  const data = new Float64Array(memory, 0, product(shape));
  switch (node.op) {
    case 'conv':
      return convRunner(net, node, shape, data);
    case 'attend':
      return attendRunner(node, shape, data);
    case 'add':
      return ([x, y]) => {
        for (let i = 0; i < data.length; i++) data[i] = x!.data[i]! * x!.unit + y!.data[i]! * y!.unit;
        return { shape, data, unit: 1 };
      };
    case 'pool':
      return ([x]) => {
        const positions = x!.data.length / data.length;
        data.fill(0);
        for (let i = 0; i < x!.data.length; i++) {
          const c = i % data.length;
          data[c] = data[c]! + x!.data[i]!;
        }
        for (let c = 0; c < data.length; c++) data[c] = (data[c]! * x!.unit) / positions;
        return { shape, data, unit: 1 };
      };
    default:
      return unknownOp(node, 'the float interpreter');
  }
}

function neuronRunner(node: NetNeuron, shape: Shape, data: Uint8Array): NodeRunner {
  return ([x]) => {
    for (let i = 0; i < data.length; i++) data[i] = spikeCount(x!.data[i]! * x!.unit, node.levels);
    return { shape, data, unit: 1 / node.divisor };
  };
}

/** PyTorch's [out, in / groups, rows, columns] as [rows][columns][in][out / groups]. */
export function transposeWeights(weights: Float32Array, node: NetConv): Float32Array {
  const [inputs, outputs] = [node.in / node.groups, node.out / node.groups];
  const taps = product(node.kernel);
  const transposed = new Float32Array(weights.length);
  for (let o = 0; o < node.out; o++)
    for (let i = 0; i < inputs; i++)
      for (let tap = 0; tap < taps; tap++) {
        const channel = Math.floor(o / outputs) * inputs + i;
        transposed[(tap * node.in + channel) * outputs + (o % outputs)] =
          weights[(o * inputs + i) * taps + tap]!;
      }
  return transposed;
}

function convRunner(net: Net, node: NetConv, shape: Shape, data: Float64Array): NodeRunner {
  const weights = transposeWeights(net.params.get(`${node.name}.weight`)!.data as Float32Array, node);
  const { scale, offset } = affineOf(net, node);
  const [rows, columns, out] = shape;
  const sums = new Float64Array(out);
  const add = node.groups === node.in && node.in === node.out ? addDepthwise : addPixel;
  return ([x]) => {
    const [height, width, channels] = x!.shape;
    let at = 0;
    for (let r = 0; r < rows; r++)
      for (let c = 0; c < columns; c++) {
        sums.fill(0);
        for (let i = 0; i < node.kernel[0]; i++) {
          const row = r * node.stride[0] - node.padding[0] + i;
          if (row < 0 || row >= height) continue;
          for (let j = 0; j < node.kernel[1]; j++) {
            const column = c * node.stride[1] - node.padding[1] + j;
            if (column < 0 || column >= width) continue;
            const tap = i * node.kernel[1] + j;
            add(sums, x!.data, (row * width + column) * channels, weights, tap, node);
          }
        }
        for (let o = 0; o < out; o++) data[at++] = sums[o]! * x!.unit * scale[o]! + offset[o]!;
      }
    return { shape, data, unit: 1 };
  };
}

/** Adds one input pixel's share to the sums of all outputs. */
function addPixel(
  sums: Float64Array,
  x: NetValue['data'],
  from: number,
  weights: Float32Array,
  tap: number,
  node: NetConv,
): void {
  const [inputs, outputs] = [node.in / node.groups, node.out / node.groups];
  for (let ci = 0; ci < node.in; ci++) {
    const value = x[from + ci]!;
    if (value === 0) continue;
    const to = node.groups === 1 ? 0 : Math.floor(ci / inputs) * outputs;
    const w = (tap * node.in + ci) * outputs;
    for (let o = 0; o < outputs; o++) sums[to + o] = sums[to + o]! + value * weights[w + o]!;
  }
}

function addDepthwise(
  sums: Float64Array,
  x: NetValue['data'],
  from: number,
  weights: Float32Array,
  tap: number,
  node: NetConv,
): void {
  const w = tap * node.in;
  for (let c = 0; c < node.in; c++) sums[c] = sums[c]! + x[from + c]! * weights[w + c]!;
}

/** q (k^T v) in integers while q, k and v are counts, scaled at the end: exact ties stay exact. */
function attendRunner(node: NetAttend, shape: Shape, data: Float64Array): NodeRunner {
  const wide = shape[2];
  return ([q, k, v]) => {
    const channels = q!.shape[2];
    const positions = q!.shape[0] * q!.shape[1];
    const [d, e] = [channels / node.heads, wide / node.heads];
    const kv = new Float64Array(channels * e);
    const addOuter = (x: NetValue, t: number, body: (i: number, value: number, wideAt: number) => void) => {
      for (let i = 0; i < channels; i++) {
        const value = x.data[t * channels + i]!;
        if (value !== 0) body(i, value, t * wide + Math.floor(i / d) * e);
      }
    };
    for (let t = 0; t < positions; t++)
      addOuter(k!, t, (i, value, from) => {
        for (let j = 0; j < e; j++) kv[i * e + j] = kv[i * e + j]! + value * v!.data[from + j]!;
      });
    data.fill(0);
    for (let t = 0; t < positions; t++)
      addOuter(q!, t, (i, value, to) => {
        for (let j = 0; j < e; j++) data[to + j] = data[to + j]! + value * kv[i * e + j]!;
      });
    return { shape, data, unit: node.scale * q!.unit * k!.unit * v!.unit };
  };
}
