import { labelled, SpikeletError } from './error.js';
import type { FrontEnd } from './frontends/index.js';
import { requireFrontEnd } from './frontends/tensors.js';
import { type Accumulate, accumulate } from './ops/accumulate.js';
import { type Attend, attend } from './ops/attend.js';
import { type Fire, fire } from './ops/fire.js';
import {
  allocate,
  bytesPerValue,
  type ChannelRange,
  constantRange,
  type NodeProof,
  type OpDefinition,
  OpError,
  union,
  valueRange,
} from './ops/op.js';
import { type Pool, pool } from './ops/pool.js';
import { type Upsample, upsample } from './ops/upsample.js';
import { entryOf } from './table.js';
import { product, type Shape } from './tensor.js';

/**
 * A spiking network in integers: the one type that everything after quantization reads. A backend is right
 * when its integers equal the interpreter's (interpret.ts) at every tensor.
 */
export type Graph = {
  name: string;
  classes: string[];
  /** What makes raw pixels of a signal; a graph without one takes photos. */
  frontEnd?: FrontEnd;
  /** How raw pixels become `pixels`: see `pixelTable`. The tensor `input` carries the scale. */
  input: { mean: number[]; std: number[] };
  /** Everything a node reads or writes, by name; layout [row][column][channel]. */
  tensors: Record<string, GraphTensor>;
  /** In order of execution: whatever a node reads is the input or written by a node before it. */
  nodes: GraphNode[];
  /** Constant arrays of the nodes: weights i8, everything else i32. */
  data: Map<string, Int8Array | Int32Array>;
};

/**
 * `pixels` are i8, `spikes` u8 counts 0..levels, `membrane` the residual stream in fixed point, `logits` the
 * result. `scale` is what one unit is worth in the float network, `activity` what spikes and pixels did on
 * the calibration images. No integer of the graph depends on either; reports and plans do.
 */
export type GraphTensor = {
  kind: TensorKind;
  type: ValueType;
  shape: Shape;
  scale: number;
  levels?: number;
  activity?: Activity;
};

/** Mean count (of pixels: mean magnitude) and share of values that are not zero. */
export type Activity = { rate: number; density: number };

export type TensorKind = 'pixels' | 'spikes' | 'membrane' | 'logits';
export type ValueType = 'i8' | 'u8' | 'i16' | 'i32';

export type GraphNode = Accumulate | Fire | Attend | Pool | Upsample;
export type Op = GraphNode['op'];

/** The input and every node's output, in order of execution. */
export const tensorNames = (graph: Graph): string[] => ['input', ...graph.nodes.map(({ output }) => output)];

/** Every op, by name. */
export const ops: { [O in Op]: OpDefinition<Extract<GraphNode, { op: O }>> } = {
  accumulate,
  fire,
  attend,
  pool,
  upsample,
};

/** A node's op. */
export const definition = (node: GraphNode): OpDefinition<GraphNode> => entryOf(ops, node, 'a Graph');

export { allocate, bytesPerValue, valueRange };

/** Tensors of spikes that neurons fire: not those that repeat others. In order of execution. */
export const fired = (graph: Graph): string[] =>
  graph.nodes
    .filter((node) => graph.tensors[node.output]!.kind === 'spikes' && !definition(node).repeats)
    .map(({ output }) => output);

/** Bytes of all constants, unpacked. */
export const graphBytes = ({ data }: Graph): number =>
  [...data.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);

/** Name of the last node's output: the logits. */
export const outputOf = (graph: Graph): string => graph.nodes.at(-1)!.output;

/** What every tensor and accumulator of a Graph can reach. */
export type Proof = { tensors: Map<string, ChannelRange>; nodes: Map<string, NodeProof> };

const kindOfType: Record<TensorKind, ValueType[]> = {
  pixels: ['i8'],
  spikes: ['u8'],
  membrane: ['i16', 'i32'],
  logits: ['i32'],
};

/**
 * Checks a Graph and computes from its weights the range of each tensor and accumulator. Everything
 * downstream calls this first: a Graph that cannot be proven is refused with one error that names the node.
 */
export function prove(graph: Graph): Proof {
  const proof: Proof = { tensors: new Map(), nodes: new Map() };
  const input = graph.tensors['input'];
  if (input?.kind !== 'pixels') throw refusal(graph, "has no tensor 'input' of pixels");
  checkTensor(graph, 'input', input);
  const { mean, std } = graph.input;
  if (mean.length !== input.shape[2] || std.length !== input.shape[2])
    throw refusal(
      graph,
      `has ${mean.length} means and ${std.length} deviations for ${input.shape[2]} channels`,
    );
  labelled(`graph '${graph.name}'`, () => requireFrontEnd(graph, input.shape));
  proof.tensors.set('input', constantRange(input.shape[2], -127, 127));
  const names = new Set<string>();
  for (const node of graph.nodes) {
    if (names.has(node.name)) throw refusal(graph, `has two nodes '${node.name}'`);
    names.add(node.name);
    try {
      proveNode(graph, node, proof);
    } catch (error) {
      if (error instanceof OpError) throw refusal(graph, `${node.op} '${node.name}': ${error.message}`);
      throw error;
    }
  }
  const last = graph.nodes.at(-1);
  const logits = last && graph.tensors[last.output];
  if (logits?.kind !== 'logits') throw refusal(graph, 'does not end in a readout');
  if (String(logits.shape) !== String([1, 1, graph.classes.length]))
    throw refusal(graph, `has logits [${logits.shape}] for ${graph.classes.length} classes`);
  const read = new Set(graph.nodes.flatMap((node) => definition(node).inputs(node)));
  for (const name of Object.keys(graph.tensors)) {
    if (!proof.tensors.has(name)) throw refusal(graph, `has the tensor '${name}', which no node writes`);
    if (name !== last.output && !read.has(name))
      throw refusal(graph, `has the tensor '${name}', which no node reads`);
  }
  return proof;
}

function proveNode(graph: Graph, node: GraphNode, proof: Proof): void {
  const op = definition(node);
  const inputs = op.inputs(node).map((name, i) => {
    const range = proof.tensors.get(name);
    const tensor = graph.tensors[name];
    if (!range || !tensor) throw new OpError(`reads '${name}', which nothing before it writes`);
    const allowed = op.reads(node)[i]!;
    if (!allowed.includes(tensor.kind))
      throw new OpError(`reads the ${tensor.kind} '${name}', not ${allowed.join(' or ')}`);
    return { range, tensor };
  });
  const output = graph.tensors[node.output];
  if (!output) throw new OpError(`writes '${node.output}', which is not a tensor`);
  if (proof.tensors.has(node.output)) throw new OpError(`writes '${node.output}' a second time`);
  checkTensor(graph, node.output, output);
  if (output.kind !== op.writes(node)) throw new OpError(`writes ${op.writes(node)}, not ${output.kind}`);
  const shape = op.shape(
    node,
    inputs.map(({ tensor }) => tensor),
  );
  if (String(shape) !== String(output.shape))
    throw new OpError(`computes [${shape}], '${node.output}' is [${output.shape}]`);
  for (const constant of op.constants(node)) {
    const { key, type } = constant;
    const length = constant.length(graph);
    const data = graph.data.get(key);
    if (!data || data.length !== length || data.BYTES_PER_ELEMENT !== bytesPerValue(type))
      throw new OpError(`'${key}' should hold ${length} values of ${type}`);
  }
  const result = op.prove(
    node,
    graph,
    inputs.map(({ range }) => range),
  );
  const { lo, hi } = union(result.output);
  const limit = valueRange[output.type];
  if (!(lo >= limit.lo && hi <= limit.hi))
    throw new OpError(`the output can reach ${lo}..${hi}, more than ${output.type} holds`);
  proof.nodes.set(node.name, result);
  proof.tensors.set(node.output, result.output);
}

function checkTensor(graph: Graph, name: string, tensor: GraphTensor): void {
  if (!kindOfType[tensor.kind].includes(tensor.type))
    throw refusal(graph, `tensor '${name}': ${tensor.kind} are not stored as ${tensor.type}`);
  const { levels, shape } = tensor;
  if (!(shape.length === 3 && shape.every((n) => Number.isInteger(n) && n >= 1) && product(shape) < 2 ** 28))
    throw refusal(graph, `tensor '${name}' has the impossible shape [${shape}]`);
  if (tensor.kind === 'spikes' && !(Number.isInteger(levels) && levels! >= 1 && levels! <= 15))
    throw refusal(graph, `tensor '${name}': spikes need 1 to 15 levels`);
}

const refusal = (graph: Graph, why: string) =>
  new SpikeletError(`graph '${graph.name}' ${why}`, {
    hint: "the graph is refused because its integers are not proven; 'spikelet quantize' writes graphs that are",
  });
