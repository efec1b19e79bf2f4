import { ascii } from './ascii.js';
import { SpikeletError } from './error.js';
import type { FrontEnd } from './frontends/index.js';
import { add, type NetAdd } from './net-ops/add.js';
import { attend, type NetAttend } from './net-ops/attend.js';
import { conv, type NetConv } from './net-ops/conv.js';
import { type NetNeuron, neuron } from './net-ops/neuron.js';
import type { NetOpDefinition, NetParam } from './net-ops/op.js';
import { type NetPool, pool } from './net-ops/pool.js';
import { type NetUpsample, upsample } from './net-ops/upsample.js';
import { MAX_VALUES } from './schema-parts.js';
import { entryOf } from './table.js';
import { product, type Shape, type Tensor } from './tensor.js';

export { BN_EPSILON, isConv } from './net-ops/conv.js';
export { isNeuron } from './net-ops/neuron.js';
export type { NetAdd, NetAttend, NetConv, NetNeuron, NetPool, NetUpsample };

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

export type NetNode = NetConv | NetNeuron | NetAdd | NetAttend | NetPool | NetUpsample;
export type NetOp = NetNode['op'];

/** Every op of a Net, by name. */
export const netOps: { [O in NetOp]: NetOpDefinition<Extract<NetNode, { op: O }>> } = {
  conv,
  neuron,
  add,
  attend,
  pool,
  upsample,
};

/** A node's op. */
export const netDefinition = (node: NetNode): NetOpDefinition<NetNode> => entryOf(netOps, node, 'a Net');

export const inputsOf = (node: NetNode): string[] => netDefinition(node).inputs(node);

/** Multiply-accumulates of one node for one image, as a dense network would do them; shapes by netShapes. */
export const netMacs = (node: NetNode, shapes: Map<string, Shape>): number =>
  netDefinition(node).macs(node, shapes);

/** A Net's parameters, in order of execution. */
const paramsOf = (nodes: NetNode[]): NetParam[] =>
  nodes.flatMap((node) => netDefinition(node).params?.(node) ?? []);

/** Names and shapes of a Net's parameters, in order of execution. */
export const paramShapes = (nodes: NetNode[]): Map<string, number[]> =>
  new Map(paramsOf(nodes).map(({ name, shape }) => [name, shape]));

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
    const output = netDefinition(node).shape(node, inputs, (why) => fail(node, why));
    if (product(output) > MAX_VALUES) fail(node, `a map of [${output}] is too large`);
    shapes.set(node.name, output);
  }
  return shapes;
}

/**
 * Checks that a Net's parameters are those its nodes ask for: every name, every shape, every value finite.
 * One error lists everything that does not fit.
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

/** Checks names and shapes alone, before anything is read; `wrong` lists other known faults. */
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

/** Parameters before training; `random` fills the weights, uniform in +-1/sqrt(fan in). */
export function initialParams(nodes: NetNode[], random: () => number): Map<string, Tensor> {
  return new Map(
    paramsOf(nodes).map(({ name, shape, initial }): [string, Tensor] => {
      const data = new Float32Array(product(shape));
      if (typeof initial === 'number') return [name, { shape, data: data.fill(initial) }];
      const bound = 1 / Math.sqrt(initial.fanIn);
      return [name, { shape, data: data.map(() => (2 * random() - 1) * bound) }];
    }),
  );
}
