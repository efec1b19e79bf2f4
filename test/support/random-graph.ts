import {
  type Graph,
  type GraphNode,
  type GraphTensor,
  type Net,
  type NetConv,
  netShapes,
  product,
  type Shape,
} from '../../models/index.js';
import type { Accumulate } from '../../models/ops/accumulate.js';

/** Uniform in 0..1, the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let a = seed | 0;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export type Random = () => number;
export const below = (random: Random, n: number) => Math.floor(random() * n);
export const pick = <T>(random: Random, values: readonly T[]): T => values[below(random, values.length)]!;

type Geometry = Pick<Accumulate, 'out' | 'kernel' | 'stride' | 'padding' | 'groups'>;
type Ending =
  | { kind: 'fire'; levels: number }
  | { kind: 'charge'; type: 'i16' | 'i32'; residual?: string; saturate: boolean }
  | { kind: 'readout' };

/** Builds a Graph with random constants whose ranges hold, node by node. */
export class GraphBuilder {
  readonly graph: Graph;
  constructor(
    readonly random: Random,
    shape: Shape,
  ) {
    this.graph = {
      name: 'random',
      classes: [],
      input: { mean: new Array(shape[2]).fill(0.3), std: new Array(shape[2]).fill(0.4) },
      tensors: { input: { kind: 'pixels', type: 'i8', shape, scale: 0.02 } },
      nodes: [],
      data: new Map(),
    };
  }

  tensor(name: string): GraphTensor {
    return this.graph.tensors[name]!;
  }

  private add(node: GraphNode, tensor: Omit<GraphTensor, 'scale'>): string {
    this.graph.nodes.push(node);
    this.graph.tensors[node.output] = { ...tensor, scale: 1 };
    return node.output;
  }

  private constants(key: string, values: Int8Array | Int32Array): string {
    this.graph.data.set(key, values);
    return key;
  }

  /** `rows` times `levels` ascending values, most around `spread`. */
  private thresholds(name: string, rows: number, levels: number, spread: number): string {
    const values = new Int32Array(rows * levels);
    for (let row = 0; row < rows; row++)
      values.set(
        Int32Array.from({ length: levels }, () => Math.round((this.random() * 1.8 - 0.4) * spread)).sort(),
        row * levels,
      );
    return this.constants(`${name}.thresholds`, values);
  }

  accumulate(name: string, input: string, geometry: Geometry, ending: Ending, bits: 8 | 6 | 4 = 8): string {
    const [h, w, c] = this.tensor(input).shape;
    const { out, kernel, stride, padding, groups } = geometry;
    const inputs = (c / groups) * product(kernel);
    const limit = 2 ** (bits - 1) - 1;
    const weights = Int8Array.from({ length: out * inputs }, () => below(this.random, 2 * limit + 1) - limit);
    const largestInput = this.tensor(input).levels ?? 127;
    const spread = Math.sqrt(inputs) * limit * 0.6 * Math.min(largestInput, 40) * 0.5;
    const most = Math.max(1, inputs * limit * largestInput);
    const side = (n: number, axis: 0 | 1) =>
      Math.floor((n + 2 * padding[axis] - kernel[axis]) / stride[axis]) + 1;
    const shape: Shape = [side(h, 0), side(w, 1), out];
    const node = {
      op: 'accumulate' as const,
      name,
      input,
      output: `${name}.y`,
      ...geometry,
      weights: this.constants(`${name}.weights`, weights),
      bits,
    };
    if (ending.kind === 'fire') {
      const { levels } = ending;
      const thresholds = this.thresholds(name, out, levels, spread);
      return this.add(
        { ...node, end: { kind: 'fire', thresholds } },
        { kind: 'spikes', type: 'u8', shape, levels },
      );
    }
    const largest = Math.floor(2 ** 30 / most);
    const multiplier = Int32Array.from({ length: out }, () =>
      below(this.random, Math.min(largest, 4096) + 1),
    );
    const bias = Int32Array.from({ length: out }, () => below(this.random, 2 ** 20) - 2 ** 19);
    const clamps = ending.kind === 'charge' && ending.saturate;
    // Without clamping an i16 stream must provably hold some ten of these.
    const reach = clamps ? 200_000 : 2000;
    const peak = most * multiplier.reduce((a, b) => Math.max(a, b), 1) + 2 ** 19;
    const scaled = {
      multiplier: this.constants(`${name}.multiplier`, multiplier),
      bias: this.constants(`${name}.bias`, bias),
      shift: Math.min(31, Math.max(0, Math.ceil(Math.log2(peak / reach)))),
    };
    if (ending.kind === 'readout') {
      this.graph.classes = Array.from({ length: out }, (_, i) => `class ${i}`);
      return this.add(
        { ...node, end: { kind: 'readout', ...scaled } },
        { kind: 'logits', type: 'i32', shape },
      );
    }
    const { kind: _, type, ...charge } = ending;
    return this.add(
      { ...node, end: { kind: 'charge', ...charge, ...scaled } },
      { kind: 'membrane', type, shape },
    );
  }

  fire(name: string, input: string, levels: number, shared: boolean, spread = 900): string {
    const { shape } = this.tensor(input);
    return this.add(
      {
        op: 'fire',
        name,
        input,
        output: `${name}.y`,
        thresholds: this.thresholds(name, shared ? 1 : shape[2], levels, spread),
      },
      { kind: 'spikes', type: 'u8', shape, levels },
    );
  }

  attend(name: string, inputs: [string, string, string], heads: number, levels: number): string {
    const { shape } = this.tensor(inputs[2]);
    const [h, w, c] = this.tensor(inputs[0]).shape;
    return this.add(
      {
        op: 'attend',
        name,
        inputs,
        output: `${name}.y`,
        heads,
        thresholds: this.thresholds(name, 1, levels, (h * w * c) / heads),
      },
      { kind: 'spikes', type: 'u8', shape, levels },
    );
  }

  upsample(name: string, input: string, factor: number): string {
    const { shape, ...tensor } = this.tensor(input);
    return this.add(
      { op: 'upsample', name, input, output: `${name}.y`, factor },
      { ...tensor, shape: [shape[0] * factor, shape[1] * factor, shape[2]] },
    );
  }

  pool(name: string, input: string, kernel: [number, number], stride: [number, number]): string {
    const [h, w, c] = this.tensor(input).shape;
    const shape: Shape = [
      Math.floor((h - kernel[0]) / stride[0]) + 1,
      Math.floor((w - kernel[1]) / stride[1]) + 1,
      c,
    ];
    const small = this.tensor(input).kind === 'spikes' && product(kernel) < 1000 && this.random() < 0.5;
    return this.add(
      { op: 'pool', name, input, output: `${name}.y`, kernel, stride },
      { kind: 'membrane', type: small ? 'i16' : 'i32', shape },
    );
  }
}

/** A small Graph of blocks of `kinds` in a random order and geometry; proven by construction. */
export function randomGraph(random: Random, blocks = 6, kinds: readonly BlockKind[] = blockKinds): Graph {
  const b = new GraphBuilder(random, [4 + below(random, 8), 4 + below(random, 8), 1 + below(random, 3)]);
  let x = 'input';
  for (let i = 0; i < blocks; i++) x = block(b, x, `b${i}`, kinds);
  return close(b, x);
}

const blockKinds = ['conv', 'grouped', 'depthwise', 'pointwise', 'residual', 'attention', 'pool'] as const;
/**
 * All of them; what came later is only in graphs that ask for it, so that the seeds of others stay what they
 * are.
 */
export const everyKind = [...blockKinds, 'upsample'] as const;
export type BlockKind = (typeof everyKind)[number];
export const feedForward = blockKinds.filter((kind) => kind !== 'attention');

/** Appends one block that takes pixels, spikes or a membrane and returns its last tensor. */
function block(b: GraphBuilder, input: string, name: string, kinds: readonly BlockKind[]): string {
  const { random } = b;
  let x = input;
  if (b.tensor(x).kind === 'membrane') {
    const spikes = b.fire(`${name}.fire`, x, 1 + below(random, 6), random() < 0.5);
    const kind = pick(random, kinds);
    if (kind === 'residual') {
      const { shape } = b.tensor(x);
      const sum = pick(random, ['i16', 'i32'] as const);
      return b.accumulate(
        `${name}.residual`,
        spikes,
        { out: shape[2], kernel: [3, 1], stride: [1, 1], padding: [1, 0], groups: 1 },
        {
          kind: 'charge',
          type: sum,
          residual: x,
          // The stream before may fill its 16 bits already.
          saturate: sum === 'i16' || random() < 0.5,
        },
      );
    }
    x = spikes;
  }
  const kind = b.tensor(x).kind === 'pixels' ? 'conv' : pick(random, kinds);
  const [h, w, c] = b.tensor(x).shape;
  if (kind === 'upsample') {
    const factor = 2 + below(random, 2);
    // Small maps stay small; a large one is read by a window.
    if (factor * Math.max(h, w) <= 12) return b.upsample(`${name}.upsample`, x, factor);
  }
  const bits = pick(random, [8, 6, 4] as const);
  if (kind === 'pool') {
    const kernel: [number, number] = [1 + below(random, Math.min(h, 3)), 1 + below(random, Math.min(w, 3))];
    return b.pool(`${name}.pool`, x, kernel, [1 + below(random, 2), 1 + below(random, 2)]);
  }
  const ending: Ending =
    random() < 0.5
      ? { kind: 'fire', levels: 1 + below(random, 6) }
      : { kind: 'charge', type: pick(random, ['i16', 'i32'] as const), saturate: random() < 0.5 };
  if (kind === 'attention') {
    const heads = pick(random, [1, 2, 3]);
    const point = (which: string, out: number) =>
      b.accumulate(`${name}.${which}`, x, { ...one, out }, { kind: 'fire', levels: 1 + below(random, 4) });
    const d = heads * (1 + below(random, 3));
    const branches: [string, string, string] = [point('q', d), point('k', d), point('v', 2 * d)];
    return b.attend(`${name}.attend`, branches, heads, 1 + below(random, 4));
  }
  if (kind === 'pointwise' || kind === 'residual')
    return b.accumulate(`${name}.point`, x, { ...one, out: 1 + below(random, 12) }, ending, bits);
  const kernel: [number, number] = [1 + below(random, Math.min(h, 4)), 1 + below(random, Math.min(w, 4))];
  const geometry = {
    kernel,
    stride: [1 + below(random, h > 3 ? 2 : 1), 1 + below(random, w > 3 ? 2 : 1)] as [number, number],
    padding: [below(random, kernel[0]), below(random, kernel[1])] as [number, number],
  };
  const groups =
    kind === 'depthwise'
      ? c
      : kind === 'grouped'
        ? pick(
            random,
            [1, 2, 3].filter((n) => c % n === 0),
          )
        : 1;
  const out = kind === 'depthwise' ? c * pick(random, [1, 1, 2]) : groups * (1 + below(random, 6));
  return b.accumulate(`${name}.${kind}`, x, { ...geometry, groups, out }, ending, bits);
}

const one = {
  kernel: [1, 1] as [number, number],
  stride: [1, 1] as [number, number],
  padding: [0, 0] as [number, number],
  groups: 1,
};

/** Pooling to one place or not, then a dense layer over the whole map. */
function close(b: GraphBuilder, input: string): Graph {
  let x = input;
  if (b.random() < 0.5 && b.tensor(x).kind !== 'pixels') {
    const [h, w] = b.tensor(x).shape;
    x = b.pool('pool', x, [h, w], [1, 1]);
  }
  if (b.tensor(x).kind === 'membrane') x = b.fire('last', x, 4, true, 2000);
  const [h, w] = b.tensor(x).shape;
  b.accumulate('head', x, { ...one, kernel: [h, w], out: 2 + below(b.random, 5) }, { kind: 'readout' });
  return b.graph;
}

/** A Graph with the layers of a Net and random constants. */
export function graphLike(net: Net, random: Random): Graph {
  const b = new GraphBuilder(random, netShapes(net).get('input')!);
  b.graph.name = net.name;
  /** The tensor that holds a Net's value. */
  const held = new Map([['input', 'input']]);
  const readers = (name: string) =>
    net.nodes.filter((node) => ('inputs' in node ? [...node.inputs] : [node.input]).includes(name));
  for (const node of net.nodes) {
    const [reader, ...more] = readers(node.name);
    const only = more.length ? undefined : reader;
    if (node.op === 'conv') {
      const result = convLike(b, node, held, only);
      held.set(
        only && only.op !== 'conv' && only.op !== 'attend' && only.op !== 'pool' ? only.name : node.name,
        result,
      );
      held.set(node.name, result);
    } else if (node.op === 'neuron' && !held.has(node.name))
      held.set(node.name, b.fire(node.name, held.get(node.input)!, node.levels, true));
    else if (node.op === 'attend') {
      const inputs = node.inputs.map((name) => held.get(name)!) as [string, string, string];
      const neuron = only as { name: string; levels: number };
      held.set(neuron.name, b.attend(node.name, inputs, node.heads, neuron.levels));
    } else if (node.op === 'pool') {
      const [h, w] = b.tensor(held.get(node.input)!).shape;
      held.set(node.name, b.pool(node.name, held.get(node.input)!, [h, w], [1, 1]));
    }
  }
  b.graph.classes = net.classes;
  return b.graph;
}

function convLike(
  b: GraphBuilder,
  node: NetConv,
  held: Map<string, string>,
  reader: Net['nodes'][number] | undefined,
): string {
  const { out, kernel, stride, padding, groups } = node;
  const input = held.get(node.input)!;
  const ending: Ending = !node.bn
    ? { kind: 'readout' }
    : reader?.op === 'neuron'
      ? { kind: 'fire', levels: reader.levels }
      : reader?.op === 'add'
        ? {
            kind: 'charge',
            type: 'i16',
            residual: held.get(reader.inputs.find((name) => name !== node.name)!)!,
            saturate: true,
          }
        : { kind: 'charge', type: 'i16', saturate: true };
  return b.accumulate(node.name, input, { out, kernel, stride, padding, groups }, ending);
}
