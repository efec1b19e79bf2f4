import { z } from 'zod';
import type { Net, NetNode } from '../net.js';
import { name, nodeSchema, padding, pair, size } from '../schema-parts.js';
import { product, type Shape } from '../tensor.js';
import type { NetOpDefinition, NetParam, NetValue, NodeRunner } from './op.js';

/**
 * y = BN(W * x + b): convolution, grouped, depthwise, 1x1; a dense layer is one whose kernel is the whole
 * map.
 */
export type NetConv = {
  op: 'conv';
  name: string;
  input: string;
  in: number;
  out: number;
  kernel: [number, number];
  stride: [number, number];
  padding: [number, number];
  groups: number;
  bias: boolean;
  /** Name of the batch norm that follows, eps 1e-5. */
  bn?: string;
  /** Shape of the stored weight; its values are always in the order [out, in / groups, rows, columns]. */
  weightShape: number[];
};

export const isConv = (node: NetNode): node is NetConv => node.op === 'conv';

/** eps of every batch norm, as in the reference. */
export const BN_EPSILON = 1e-5;

export const conv: NetOpDefinition<NetConv> = {
  schema: nodeSchema<NetConv>()({
    op: z.literal('conv'),
    ...{ name, input: name, in: size, out: size, kernel: pair, stride: pair, padding, groups: size },
    ...{ bias: z.boolean(), bn: name.exactOptional(), weightShape: z.array(size).min(2).max(4) },
  }),
  describe(node) {
    const groups = node.groups === 1 ? '' : node.groups === node.in ? ' depthwise' : ` ${node.groups} groups`;
    const [down, across] = node.stride;
    const stride = down === across ? (down === 1 ? '' : ` /${down}`) : ` /${down}x${across}`;
    return `conv ${node.kernel.join('x')}${stride}${groups}${node.bn ? ' + BN' : ''}`;
  },
  inputs: ({ input }) => [input],
  params({ name, bn, bias, out, weightShape, ...node }) {
    const initial = { fanIn: (node.in / node.groups) * product(node.kernel) };
    const norm = { weight: 1, bias: 0, running_mean: 0, running_var: 1 };
    return [
      { name: `${name}.weight`, shape: weightShape, initial },
      ...(bias ? [{ name: `${name}.bias`, shape: [out], initial }] : []),
      ...(bn
        ? Object.entries(norm).map(
            ([part, value]): NetParam => ({ name: `${bn}.${part}`, shape: [out], initial: value }),
          )
        : []),
    ];
  },
  shape(node, [x], fail) {
    const [h, w, c] = x!;
    if (c !== node.in) return fail(`takes ${node.in} channels, got ${c}`);
    if (node.in % node.groups || node.out % node.groups)
      return fail(`${node.groups} groups do not divide ${node.in} and ${node.out} channels`);
    if (product(node.weightShape) !== node.out * (node.in / node.groups) * product(node.kernel))
      return fail(`a weight [${node.weightShape}] does not have its sizes`);
    const size = (n: number, axis: 0 | 1) =>
      Math.floor((n + 2 * node.padding[axis] - node.kernel[axis]) / node.stride[axis]) + 1;
    const [rows, columns] = [size(h, 0), size(w, 1)];
    if (rows < 1 || columns < 1)
      return fail(`a ${node.kernel.join('x')} kernel does not fit a ${h}x${w} map`);
    return [rows, columns, node.out];
  },
  run: (node, net, shape, memory) => runner(net, node, shape, new Float64Array(memory, 0, product(shape))),
  macs: (node, shapes) => product(shapes.get(node.name)!) * (node.in / node.groups) * product(node.kernel),
};

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

function runner(net: Net, node: NetConv, shape: Shape, data: Float64Array): NodeRunner {
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
