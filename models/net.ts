import { ascii } from './ascii.js';
import { SpikeletError, unknownOp } from './error.js';
import type { FrontEnd } from './frontends/index.js';
import { product, type Shape, type Tensor } from './tensor.js';

/**
 * A float network as plain data: what training produces and quantization reads.
 *
 * A node's `name` is also the name of the value it computes; `input` names the image. Parameters are found by
 * node name, in PyTorch's naming and layout, so that a checkpoint's tensors need no renaming:
 * `<conv>.weight` [out, in / groups, rows, columns], `<conv>.bias` [out], and for a batch norm
 * `<bn>.weight`, `.bias`, `.running_mean`, `.running_var` [out].
 */
export type Net = {
  name: string;
  input: NetInput;
  nodes: NetNode[];
  /** Names of the classes, in the order of the logits. */
  classes: string[];
  params: Map<string, Tensor>;
  /** What makes images of a raw signal; a net without one takes photos of u8. */
  frontEnd?: FrontEnd;
};

/** The image a Net takes: values v in 0..1 enter as (v - mean[channel]) / std[channel]. */
export type NetInput = { shape: Shape; mean: number[]; std: number[] };

/** y = BN(W * x + b): convolution, grouped, depthwise, 1x1; a dense layer is one whose kernel is the whole map. */
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

/** The SFA neuron: n = round_half_even(clip(x, 0, levels)); its value is n / divisor (levels, or 1 before a head). */
export type NetNeuron = {
  op: 'neuron';
  name: string;
  input: string;
  levels: number;
  divisor: number;
  /** The reference's rank for this map: 4 [1, C, H, W] (default), 3 [1, C, H*W], 2 [1, C]. */
  rank?: 2 | 3 | 4;
};

export type NetAdd = { op: 'add'; name: string; inputs: [string, string] };

/** y = scale * q (k^T v) per head, no softmax; q, k: C channels, v: a multiple of C; heads split channels contiguously. */
export type NetAttend = {
  op: 'attend';
  name: string;
  inputs: [q: string, k: string, v: string];
  heads: number;
  scale: number;
};

/** Mean over all positions. */
export type NetPool = { op: 'pool'; name: string; input: string };

export type NetNode = NetConv | NetNeuron | NetAdd | NetAttend | NetPool;

/** Of every batch norm, as in the reference. */
export const BN_EPSILON = 1e-5;

/** Values of the largest map: half a gigabyte in float32. */
export const MAX_VALUES = 1 << 27;

export const inputsOf = (node: NetNode): string[] => ('inputs' in node ? [...node.inputs] : [node.input]);

/** Names and shapes of a Net's parameters, in order of execution. */
export function paramShapes(nodes: NetNode[]): Map<string, number[]> {
  const shapes = new Map<string, number[]>();
  for (const node of nodes) {
    if (node.op !== 'conv') continue;
    shapes.set(`${node.name}.weight`, node.weightShape);
    if (node.bias) shapes.set(`${node.name}.bias`, [node.out]);
    if (node.bn)
      for (const part of ['weight', 'bias', 'running_mean', 'running_var'])
        shapes.set(`${node.bn}.${part}`, [node.out]);
  }
  return shapes;
}

/** Bytes of all parameters. */
export const paramBytes = ({ params }: Net): number =>
  [...params.values()].reduce((sum, { data }) => sum + data.byteLength, 0);

/** Running statistics are counted and saved, but no gradient reaches them. */
export const isTrainable = (param: string): boolean => !/\.running_(mean|var)$/.test(param);

/** Trainable parameters, the number papers give. */
export function countParams(net: Net): number {
  let count = 0;
  for (const [name, shape] of paramShapes(net.nodes)) if (isTrainable(name)) count += product(shape);
  return count;
}

/**
 * The [rows, columns, channels] of every value for an image of `shape` (default: the Net's own).
 * Throws where a node cannot take what it is given.
 */
export function netShapes(
  net: Pick<Net, 'nodes' | 'input' | 'name'>,
  shape: Shape = net.input.shape,
): Map<string, Shape> {
  const shapes = new Map<string, Shape>([['input', shape]]);
  const fail = (node: NetNode, why: string): never => {
    throw new SpikeletError(`net ${net.name}, ${node.op} '${node.name}': ${why}`, {
      hint: 'the sizes of this architecture, or of the image, do not fit each other',
    });
  };
  for (const node of net.nodes) {
    if (shapes.has(node.name)) fail(node, 'the name is used twice');
    const inputs = inputsOf(node).map(
      (name) => shapes.get(name) ?? fail(node, `takes '${name}', which nothing before it computes`),
    );
    const output = outputShape(node, inputs, fail);
    if (product(output) > MAX_VALUES) fail(node, `a map of [${output}] is too large`);
    shapes.set(node.name, output);
  }
  return shapes;
}

function outputShape(node: NetNode, inputs: Shape[], fail: (node: NetNode, why: string) => never): Shape {
  const [h, w, c] = inputs[0]!;
  switch (node.op) {
    case 'conv': {
      if (c !== node.in) return fail(node, `wants ${node.in} channels and gets ${c}`);
      if (node.in % node.groups || node.out % node.groups)
        return fail(node, `${node.groups} groups do not divide ${node.in} and ${node.out} channels`);
      if (product(node.weightShape) !== node.out * (node.in / node.groups) * product(node.kernel))
        return fail(node, `a weight [${node.weightShape}] is none of its sizes`);
      const size = (n: number, axis: 0 | 1) =>
        Math.floor((n + 2 * node.padding[axis] - node.kernel[axis]) / node.stride[axis]) + 1;
      const [rows, columns] = [size(h, 0), size(w, 1)];
      if (rows < 1 || columns < 1)
        return fail(node, `a ${node.kernel.join('x')} kernel does not fit a ${h}x${w} map`);
      return [rows, columns, node.out];
    }
    case 'neuron':
      return [h, w, c];
    case 'add':
      if (String(inputs[1]) !== String(inputs[0]))
        return fail(node, `adds [${inputs[0]}] and [${inputs[1]}]`);
      return [h, w, c];
    case 'attend': {
      const [q, k, v] = inputs as [Shape, Shape, Shape];
      if (String(k) !== String(q) || v[0] !== q[0] || v[1] !== q[1])
        return fail(node, `q [${q}], k [${k}] and v [${v}] do not belong together`);
      if (q[2] % node.heads || v[2] % node.heads)
        return fail(node, `${node.heads} heads do not divide ${q[2]} and ${v[2]} channels`);
      return v;
    }
    case 'pool':
      return [1, 1, c];
    default:
      return unknownOp(node, 'a Net');
  }
}

/**
 * Checks that a Net's parameters are those its nodes ask for: every name, every shape, every value finite.
 * All that does not fit is listed in one error.
 */
export function checkParams(net: Net): void {
  const shapes = new Map<string, readonly number[]>();
  for (const [name, { shape }] of net.params) shapes.set(name, shape);
  const wrong: string[] = [];
  for (const [name, { data }] of net.params)
    if (!(data as Float32Array).every(Number.isFinite)) wrong.push(`${name} holds NaN or infinity`);
    else if (name.endsWith('.running_var') && (data as Float32Array).some((v) => v < 0))
      wrong.push(`${name} holds a negative variance`);
  checkParamShapes(net.name, net.nodes, shapes, wrong);
}

/** The names and shapes alone, before anything is read; `wrong` is what else is known to be wrong. */
export function checkParamShapes(
  net: string,
  nodes: NetNode[],
  shapes: Map<string, readonly number[]>,
  wrong: string[] = [],
): void {
  const wanted = paramShapes(nodes);
  const missing: string[] = [];
  const misshapen: string[] = [];
  for (const [name, shape] of wanted) {
    const found = shapes.get(name);
    if (!found) missing.push(name);
    else if (String(found) !== String(shape))
      misshapen.push(`${name} is [${found}] and should be [${shape}]`);
  }
  const unexpected = [...shapes.keys()].filter((name) => !wanted.has(name));
  const problems = [
    ...summary('missing', missing),
    ...summary('unexpected', unexpected),
    ...summary('wrong', [...misshapen, ...wrong]),
  ];
  if (problems.length)
    throw new SpikeletError(`the parameters do not fit net '${net}':`, {
      lines: problems,
      hint: 'is this a checkpoint of another architecture, is the file damaged, or did its training diverge?',
    });
}

const summary = (kind: string, items: string[]): string[] =>
  items.length
    ? [
        `${kind} (${items.length}): ${items
          .slice(0, 8)
          .map((item) => ascii(item.slice(0, 200)))
          .join(', ')}${items.length > 8 ? ', ...' : ''}`,
      ]
    : [];

/** Parameters of a fresh batch norm, zero weights elsewhere; `random` fills the weights, uniform in +-1/sqrt(fan in). */
export function initialParams(nodes: NetNode[], random: () => number): Map<string, Tensor> {
  const params = new Map<string, Tensor>();
  for (const node of nodes) {
    if (node.op !== 'conv') continue;
    const bound = 1 / Math.sqrt((node.in / node.groups) * product(node.kernel));
    const filled = (shape: number[], value: () => number): Tensor => ({
      shape,
      data: new Float32Array(product(shape)).map(value),
    });
    const uniform = (shape: number[]) => filled(shape, () => (2 * random() - 1) * bound);
    params.set(`${node.name}.weight`, uniform(node.weightShape));
    if (node.bias) params.set(`${node.name}.bias`, uniform([node.out]));
    if (!node.bn) continue;
    const constant = (value: number) => filled([node.out], () => value);
    params.set(`${node.bn}.weight`, constant(1));
    params.set(`${node.bn}.bias`, constant(0));
    params.set(`${node.bn}.running_mean`, constant(0));
    params.set(`${node.bn}.running_var`, constant(1));
  }
  return params;
}
