import { z } from 'zod';
import type { Graph, GraphNode } from '../graph.js';
import type { WeightBits } from '../packing.js';
import { name, nodeSchema, padding, pair, size } from '../schema-parts.js';
import { product, type Shape } from '../tensor.js';
import { COST, densityOf } from './cost.js';
import { countReached, fireRange, levelsOf, requireAscending } from './fire.js';
import {
  type ChannelRange,
  type Constant,
  type Costed,
  type OpDefinition,
  OpError,
  type Range,
  requireInt32,
  requireWhole,
  union,
  type Values,
  valueRange,
} from './op.js';

/**
 * acc[r][c][o] = sum over i, j, ci of w[o][i][j][ci] * x[r * stride - padding + i][c * stride - padding +
 * j][group * I + ci]
 *
 * Convolution in any form (grouped, depthwise, 1x1, dense: a kernel of the whole map); x outside the map is
 * 0, and I is the number of input channels of a group. `weights` are i8 [out][kernel rows][kernel
 * columns][I], |w| < 2^(bits-1). The accumulator never leaves the node; `end` says what is made of it.
 */
export type Accumulate = {
  op: 'accumulate';
  name: string;
  input: string;
  output: string;
  /** Channels of the output. */
  out: number;
  kernel: [number, number];
  stride: [number, number];
  padding: [number, number];
  groups: number;
  weights: string;
  bits: WeightBits;
  end: Fires | Charges | ReadsOut;
};

export type { WeightBits };

/** Whether a node is the one that has weights. */
export const isAccumulate = (node: GraphNode): node is Accumulate => node.op === 'accumulate';

/** n[o] = #{k in 1..D : acc[o] >= threshold[o][k]}: conv, batch norm and SFA neuron in D comparisons. */
export type Fires = { kind: 'fire'; thresholds: string };

/**
 * y[o] = residual[o] + ((acc[o] * multiplier[o] + bias[o]) >> shift), the bias holding the rounding half.
 * With `saturate`, y is clamped to what its type holds, as a residual stream in hardware is; without, the
 * proof must show that it fits.
 */
export type Charges = Scaled & { kind: 'charge'; residual?: string; saturate: boolean };

/** y[o] = (acc[o] * multiplier[o] + bias[o]) >> shift: logits in one common unit. */
export type ReadsOut = Scaled & { kind: 'readout' };

export type Scaled = { multiplier: string; bias: string; shift: number };

/** Which kernel computes a node: one per kind of input and of grouping (assembly/, one file each). */
export type Kernel = 'events' | 'pixels' | 'depthwise' | 'grouped';

export function kernelOf(node: Accumulate, graph: Graph): Kernel {
  const { kind, shape } = graph.tensors[node.input]!;
  if (node.groups === 1) return kind === 'spikes' ? 'events' : 'pixels';
  return kind === 'spikes' && node.groups === shape[2] && node.out === shape[2] ? 'depthwise' : 'grouped';
}

/** Input channels of one group. */
const groupChannels = (node: Accumulate, graph: Graph): number =>
  (graph.tensors[node.input]?.shape[2] ?? 0) / node.groups;

/** Ranges of the accumulator per output channel, whatever the order of summation, partial sums included. */
export function accumulatorRange(node: Accumulate, graph: Graph, x: ChannelRange): ChannelRange {
  const weights = graph.data.get(node.weights) as Int8Array;
  const { out } = node;
  const inputs = groupChannels(node, graph);
  const taps = node.kernel[0] * node.kernel[1];
  const lo = new Float64Array(out);
  const hi = new Float64Array(out);
  let at = 0;
  for (let o = 0; o < out; o++) {
    const first = Math.floor(o / (out / node.groups)) * inputs;
    for (let tap = 0; tap < taps; tap++)
      for (let ci = 0; ci < inputs; ci++) {
        const w = weights[at++]!;
        const a = w * x.lo[first + ci]!;
        const b = w * x.hi[first + ci]!;
        lo[o] = lo[o]! + Math.min(0, a, b);
        hi[o] = hi[o]! + Math.max(0, a, b);
      }
  }
  return { lo, hi };
}

/** Ranges of acc * multiplier + bias and of the shifted result. */
function scaledRange(
  end: Scaled,
  graph: Graph,
  acc: ChannelRange,
): { product: ChannelRange; result: ChannelRange } {
  const multiplier = graph.data.get(end.multiplier) as Int32Array;
  const bias = graph.data.get(end.bias) as Int32Array;
  if (multiplier.some((m) => m < 0)) throw new OpError('a multiplier is negative');
  const scale = (values: Float64Array) => values.map((v, o) => v * multiplier[o]! + bias[o]!);
  const product = { lo: scale(acc.lo), hi: scale(acc.hi) };
  const shift = (values: Float64Array) => values.map((v) => Math.floor(v / 2 ** end.shift));
  return { product, result: { lo: shift(product.lo), hi: shift(product.hi) } };
}

const clampTo = ({ lo, hi }: Range, values: Float64Array) => values.map((v) => Math.min(Math.max(v, lo), hi));

const scaled = { multiplier: name, bias: name, shift: z.int().min(0).max(31) };

const schema = nodeSchema<Accumulate>()({
  op: z.literal('accumulate'),
  ...{ name, input: name, output: name, out: size, kernel: pair, stride: pair, padding, groups: size },
  weights: name,
  bits: z.union([z.literal(8), z.literal(6), z.literal(4)]),
  end: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('fire'), thresholds: name }),
    z.strictObject({
      kind: z.literal('charge'),
      ...scaled,
      residual: name.exactOptional(),
      saturate: z.boolean(),
    }),
    z.strictObject({ kind: z.literal('readout'), ...scaled }),
  ]),
});

/** What an end's memory and time depend on; where there is a residual, the node has two inputs. */
const endKey = (end: Accumulate['end']): object => {
  if (end.kind === 'fire') {
    const { thresholds: _, ...rest } = end;
    return rest;
  }
  const { multiplier: _, bias: _b, shift: _s, ...rest } = end;
  if (rest.kind === 'readout') return rest;
  const { residual: _r, saturate: _c, ...charge } = rest;
  return charge;
};

function costOf(node: Accumulate, graph: Graph, { choices, groups, tiling }: Costed): number {
  const x = graph.tensors[node.input]!;
  const kernel = kernelOf(node, graph);
  const macs = accumulate.macs(node, graph);
  if (kernel !== 'events') {
    const unpacks = choices.packed.has(node.input) && kernel === 'depthwise' ? COST.unpacked : 1;
    return macs * COST[kernel] * unpacks;
  }
  const rows = graph.tensors[node.output]!.shape[0];
  const held = choices.columns.get(node.name);
  // Streams of a part of a row overlap by the width of a window.
  const overlap = held ? 1 + (node.kernel[1] - 1) / (held * node.stride[1]) : 1;
  const values = rows * node.kernel[0] * x.shape[1] * x.shape[2] * groups * overlap;
  const unpacks = choices.packed.has(node.input) ? values * COST.count : 0;
  return macs * densityOf(x) * COST.event * tiling + values * COST.stream + unpacks;
}

const residualOf = ({ end }: Accumulate): string | undefined =>
  end.kind === 'charge' ? end.residual : undefined;

export const accumulate: OpDefinition<Accumulate> = {
  schema,
  describe: ({ kernel, end }) => `accumulate ${kernel.join('x')}, ${end.kind}`,
  equation(node, graph) {
    const { end, output } = node;
    const depth = groupChannels(node, graph);
    const residual = residualOf(node);
    return [
      `acc = sum of w[o][${node.kernel.join('][')}][${depth}] * ${node.input}, stride ${node.stride.join('x')}, ` +
        `padding ${node.padding.join('x')}; ${
          end.kind === 'fire'
            ? `n = levels reached of ${levelsOf(graph, output)} thresholds per channel`
            : `y = ${residual ? `${residual} + ` : ''}((acc * multiplier + bias) >> ${end.shift})`
        }`,
    ];
  },
  inputs(node) {
    const residual = residualOf(node);
    return residual ? [node.input, residual] : [node.input];
  },
  reads: () => [['pixels', 'spikes'], ['membrane']],
  writes: ({ end }) => (({ fire: 'spikes', charge: 'membrane', readout: 'logits' }) as const)[end.kind],
  constants(node) {
    const { out, end, bits } = node;
    const perOutput = (key: string, each: (graph: Graph) => number): Constant => ({
      key,
      type: 'i32',
      length: (graph) => out * each(graph),
    });
    return [
      {
        key: node.weights,
        type: 'i8',
        bits,
        length: (graph) => out * product(node.kernel) * groupChannels(node, graph),
      },
      ...(end.kind === 'fire'
        ? [perOutput(end.thresholds, (graph) => levelsOf(graph, node.output))]
        : [perOutput(end.multiplier, () => 1), perOutput(end.bias, () => 1)]),
    ];
  },
  shape(node, [x, residual]): Shape {
    const [h, w, c] = x!.shape;
    const { out } = node;
    requireWhole('a kernel of', node.kernel);
    requireWhole('a stride of', node.stride);
    requireWhole('a padding of', node.padding, 0);
    requireWhole('a number of groups of', [node.groups]);
    // So every window covers at least one row and column of the map.
    if (node.padding.some((padding, axis) => padding >= node.kernel[axis]!))
      throw new OpError(`a padding of ${node.padding.join('x')} is larger than a window`);
    if (c % node.groups || out % node.groups)
      throw new OpError(`${node.groups} groups do not divide ${c} and ${out} channels`);
    const size = (n: number, axis: 0 | 1) =>
      Math.floor((n + 2 * node.padding[axis] - node.kernel[axis]) / node.stride[axis]) + 1;
    const shape: Shape = [size(h, 0), size(w, 1), out];
    if (shape[0] < 1 || shape[1] < 1)
      throw new OpError(`a ${node.kernel.join('x')} kernel does not fit a ${h}x${w} map`);
    if (residual && String(residual.shape) !== String(shape))
      throw new OpError(`the residual is [${residual.shape}], the result [${shape}]`);
    return shape;
  },
  prove(node, graph, [x, residual]) {
    const weights = graph.data.get(node.weights) as Int8Array;
    const limit = 2 ** (node.bits - 1);
    if (weights.some((w) => w <= -limit || w >= limit))
      throw new OpError(`a weight needs more than ${node.bits} bits`);
    const acc = accumulatorRange(node, graph, x!);
    const accumulator = union(acc);
    requireInt32('the accumulator', accumulator);
    const { end } = node;
    if (end.kind === 'fire') {
      const thresholds = graph.data.get(end.thresholds) as Int32Array;
      const levels = levelsOf(graph, node.output);
      requireAscending(thresholds, levels);
      return { output: fireRange(thresholds, levels, acc), accumulator };
    }
    if (!(Number.isInteger(end.shift) && end.shift >= 0 && end.shift < 32))
      throw new OpError(`${end.shift} is not a valid shift`);
    const { product: products, result } = scaledRange(end, graph, acc);
    requireInt32('acc * multiplier + bias', union(products));
    let output = result;
    if (end.kind === 'charge' && residual)
      output = {
        lo: result.lo.map((v, o) => v + residual.lo[o]!),
        hi: result.hi.map((v, o) => v + residual.hi[o]!),
      };
    requireInt32('the residual sum', union(output));
    const type = valueRange[graph.tensors[node.output]!.type];
    if (end.kind === 'charge' && end.saturate)
      output = { lo: clampTo(type, output.lo), hi: clampTo(type, output.hi) };
    return { output, accumulator, product: union(products) };
  },
  run: (node, graph, [x, residual], output) =>
    finish(node, graph, currents(node, graph, x!), residual, output),
  rows(node, graph, begin, end) {
    const height = graph.tensors[node.input]!.shape[0];
    const from = Math.max(0, begin * node.stride[0] - node.padding[0]);
    const to = Math.min(height, (end - 1) * node.stride[0] - node.padding[0] + node.kernel[0]);
    const span: [number, number] = [from, Math.max(from, to)];
    return accumulate.inputs(node).length > 1 ? [span, [begin, end]] : [span];
  },
  macs: (node, graph) =>
    product(graph.tensors[node.output]!.shape) * product(node.kernel) * groupChannels(node, graph),
  // A residual is only added, whatever its kind.
  work: (node) => [node.input],
  onto: residualOf,
  planKey({ name: _, input: _i, output: _o, weights: _w, bits: _b, end, ...rest }) {
    return { ...rest, end: endKey(end) };
  },
  cost: costOf,
};

/** What becomes of the accumulators: spikes, membrane or logits. */
export function finish(
  node: Accumulate,
  graph: Graph,
  current: Int32Array,
  residual: Values | undefined,
  output: Values,
): void {
  const { out, end } = node;
  if (end.kind === 'fire') {
    const thresholds = graph.data.get(end.thresholds) as Int32Array;
    const levels = levelsOf(graph, node.output);
    for (let i = 0; i < output.length; i++)
      output[i] = countReached(current[i]!, thresholds, (i % out) * levels, levels);
    return;
  }
  const multiplier = graph.data.get(end.multiplier) as Int32Array;
  const bias = graph.data.get(end.bias) as Int32Array;
  const { lo, hi } = valueRange[graph.tensors[node.output]!.type];
  const saturate = end.kind === 'charge' && end.saturate;
  for (let i = 0; i < output.length; i++) {
    const o = i % out;
    let y = (Math.imul(current[i]!, multiplier[o]!) + bias[o]!) >> end.shift;
    if (residual) y += residual[i]!;
    output[i] = saturate ? Math.min(Math.max(y, lo), hi) : y;
  }
}

/** The i32 accumulators of the whole output, by the equation. */
export function currents(node: Accumulate, graph: Graph, x: Values): Int32Array {
  const weights = graph.data.get(node.weights) as Int8Array;
  const [height, width, channels] = graph.tensors[node.input]!.shape;
  const [rows, columns, out] = graph.tensors[node.output]!.shape;
  const [kernelRows, kernelColumns] = node.kernel;
  const inputs = groupChannels(node, graph);
  const outputs = out / node.groups;
  const current = new Int32Array(rows * columns * out);
  let at = 0;
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) {
      const top = r * node.stride[0] - node.padding[0];
      const left = c * node.stride[1] - node.padding[1];
      const firstRow = Math.max(0, -top);
      const lastRow = Math.min(kernelRows, height - top);
      const firstColumn = Math.max(0, -left);
      const lastColumn = Math.min(kernelColumns, width - left);
      // Without groups the inputs of neighbouring columns are one run, and so are their weights.
      const run = node.groups === 1 ? lastColumn - firstColumn : 1;
      for (let o = 0; o < out; o++) {
        const group = Math.floor(o / outputs) * inputs;
        let sum = 0;
        for (let i = firstRow; i < lastRow; i++)
          for (let j = firstColumn; j < lastColumn; j += run) {
            const from = ((top + i) * width + left + j) * channels + group;
            const w = ((o * kernelRows + i) * kernelColumns + j) * inputs;
            for (let t = 0; t < run * inputs; t++) sum = (sum + Math.imul(x[from + t]!, weights[w + t]!)) | 0;
          }
        current[at++] = sum;
      }
    }
  return current;
}
