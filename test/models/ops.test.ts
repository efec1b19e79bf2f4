import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  definition,
  type Graph,
  type GraphNode,
  type GraphTensor,
  interpret,
  prove,
  type Shape,
  SpikeletError,
} from '../../models/index.js';
import type { Accumulate } from '../../models/ops/accumulate.js';
import type { Values } from '../../models/ops/op.js';
import { randomGraph, seeded } from '../support/random-graph.js';

/** Runs one node on tensors given as [kind, type, shape, values]. */
type Given = [kind: GraphTensor['kind'], type: GraphTensor['type'], shape: Shape, values: number[]];

const arrays = { i8: Int8Array, u8: Uint8Array, i16: Int16Array, i32: Int32Array };

function run(
  node: GraphNode,
  inputs: Record<string, Given>,
  output: Omit<GraphTensor, 'scale'>,
  data: Record<string, number[]>,
): number[] {
  const tensors: Record<string, GraphTensor> = { [node.output]: { ...output, scale: 1 } };
  const values = new Map<string, Values>();
  for (const [name, [kind, type, shape, list]] of Object.entries(inputs)) {
    tensors[name] = { kind, type, shape, scale: 1, ...(kind === 'spikes' ? { levels: 4 } : {}) };
    values.set(name, arrays[type].from(list));
  }
  const graph: Graph = {
    name: 'one node',
    classes: [],
    input: { mean: [], std: [] },
    tensors,
    nodes: [node],
    data: new Map(
      Object.entries(data).map(([key, list]) => [
        key,
        key === 'weights' ? Int8Array.from(list) : Int32Array.from(list),
      ]),
    ),
  };
  const op = definition(node);
  const names = op.inputs(node);
  assert.equal(
    op.shape(
      node,
      names.map((name) => tensors[name]!),
    ),
    output.shape,
  );
  const result = new arrays[output.type](output.shape[0] * output.shape[1] * output.shape[2]);
  op.run(
    node,
    graph,
    names.map((name) => values.get(name)!),
    result,
  );
  return [...result];
}

const conv = (
  out: number,
  kernel: [number, number],
  end: Accumulate['end'],
  more: Partial<Accumulate> = {},
): Accumulate => ({
  op: 'accumulate',
  name: 'a',
  input: 'x',
  output: 'y',
  out,
  kernel,
  stride: [1, 1],
  padding: [0, 0],
  groups: 1,
  weights: 'weights',
  bits: 8,
  end,
  ...more,
});

const readout = { kind: 'readout', multiplier: 'multiplier', bias: 'bias', shift: 0 } as const;
const plain = (out: number) => ({ multiplier: new Array(out).fill(1), bias: new Array(out).fill(0) });

test('accumulate: a 2x2 kernel with stride 2 and padding 1 on a 3x3 map', () => {
  // Windows around the four corners of 1..9, zero outside: [5] at the top left meets 1, and so on.
  const y = run(
    conv(1, [2, 2], readout, { stride: [2, 2], padding: [1, 1] }),
    { x: ['pixels', 'i8', [3, 3, 1], [1, 2, 3, 4, 5, 6, 7, 8, 9]] },
    { kind: 'logits', type: 'i32', shape: [2, 2, 1] },
    { weights: [1, 10, 100, -5], ...plain(1) },
  );
  assert.equal(y, [-5 * 1, 100 * 2 - 5 * 3, 10 * 4 - 5 * 7, 1 * 5 + 10 * 6 + 100 * 8 - 5 * 9]);
});

test('accumulate: channels, groups and depthwise', () => {
  const x: Given = ['pixels', 'i8', [1, 1, 4], [1, 2, 3, 4]];
  const output = (out: number) => ({ kind: 'logits', type: 'i32', shape: [1, 1, out] as Shape }) as const;
  assert.equal(
    run(conv(2, [1, 1], readout), { x }, output(2), { weights: [1, 1, 1, 1, 1, -1, 2, -2], ...plain(2) }),
    [10, -3],
  );
  // Two groups: outputs 0, 1 see inputs 0, 1; outputs 2, 3 see inputs 2, 3.
  assert.equal(
    run(conv(4, [1, 1], readout, { groups: 2 }), { x }, output(4), {
      weights: [1, 0, 0, 1, 1, 1, 10, -1],
      ...plain(4),
    }),
    [1, 2, 7, 26],
  );
  assert.equal(
    run(conv(4, [1, 1], readout, { groups: 4 }), { x }, output(4), { weights: [5, 6, 7, -8], ...plain(4) }),
    [5, 12, 21, -32],
  );
});

test('accumulate fires once for every threshold reached', () => {
  const fire = (x: number) =>
    run(
      conv(1, [1, 1], { kind: 'fire', thresholds: 'thresholds' }),
      { x: ['pixels', 'i8', [1, 1, 1], [x]] },
      { kind: 'spikes', type: 'u8', shape: [1, 1, 1], levels: 3 },
      { weights: [2], thresholds: [-4, 10, 10] },
    )[0];
  assert.equal([-3, -2, 4, 5].map(fire), [0, 1, 1, 3]);
});

test('accumulate charges: rounds down after the bias, adds the residual, saturates', () => {
  const charge = (x: number[], residual: number[], saturate: boolean) =>
    run(
      conv(1, [1, 1], { ...readout, kind: 'charge', shift: 2, residual: 'r', saturate }),
      { x: ['spikes', 'u8', [1, x.length, 1], x], r: ['membrane', 'i16', [1, x.length, 1], residual] },
      { kind: 'membrane', type: 'i16', shape: [1, x.length, 1] },
      { weights: [-3], multiplier: [5], bias: [2] },
    );
  // x = 1: (-15 + 2) >> 2 = -4 (floor of -3.25); x = 2: (-30 + 2) >> 2 = -7.
  assert.equal(charge([0, 1, 2], [100, 100, -32768], true), [100, 96, -32768]);
  assert.equal(charge([0, 1, 2], [100, 100, -32760], false), [100, 96, -32767]);
});

test('fire: shared thresholds and thresholds of each channel', () => {
  const x: Given = ['membrane', 'i16', [1, 2, 2], [5, 5, -1, 20]];
  const fire = (thresholds: number[]) =>
    run(
      { op: 'fire', name: 'f', input: 'x', output: 'y', thresholds: 'thresholds' },
      { x },
      { kind: 'spikes', type: 'u8', shape: [1, 2, 2], levels: 2 },
      { thresholds },
    );
  assert.equal(fire([5, 6]), [1, 1, 0, 2]);
  assert.equal(fire([-1, 5, 20, 21]), [2, 0, 1, 1]);
});

test('attend: q (k^T v) for two heads', () => {
  // Two positions, two heads of one channel, two value channels a head.
  const y = run(
    { op: 'attend', name: 'a', inputs: ['q', 'k', 'v'], output: 'y', heads: 2, thresholds: 'thresholds' },
    {
      q: ['spikes', 'u8', [2, 1, 2], [1, 0, 2, 3]],
      k: ['spikes', 'u8', [2, 1, 2], [1, 2, 3, 0]],
      v: ['spikes', 'u8', [2, 1, 4], [1, 0, 2, 1, 1, 2, 0, 4]],
    },
    { kind: 'spikes', type: 'u8', shape: [2, 1, 4], levels: 4 },
    { thresholds: [1, 6, 8, 12] },
  );
  // kv: head 0: [1*1 + 3*1, 1*0 + 3*2] = [4, 6]; head 1: [2*2 + 0, 2*1 + 0] = [4, 2].
  // a: position 0: [4, 6, 0, 0]; position 1: [8, 12, 12, 6].
  assert.equal(y, [1, 2, 0, 0, 3, 4, 4, 2]);
});

test('pool sums windows', () => {
  const y = run(
    { op: 'pool', name: 'p', input: 'x', output: 'y', kernel: [2, 1], stride: [2, 2] },
    { x: ['membrane', 'i16', [2, 3, 1], [1, 2, 3, -10, 20, 30]] },
    { kind: 'membrane', type: 'i16', shape: [1, 2, 1] },
    {},
  );
  assert.equal(y, [-9, 33]);
});

test('upsample repeats every place', () => {
  const y = run(
    { op: 'upsample', name: 'u', input: 'x', output: 'y', factor: 2 },
    { x: ['spikes', 'u8', [1, 2, 2], [1, 2, 3, 4]] },
    { kind: 'spikes', type: 'u8', shape: [2, 4, 2], levels: 4 },
    {},
  );
  assert.equal(y, [1, 2, 1, 2, 3, 4, 3, 4, 1, 2, 1, 2, 3, 4, 3, 4]);
});

/** 1x1x`inputs` pixels to one logit, changed by `change`. */
function dense(inputs: number, change: (graph: Graph, node: Accumulate) => void = () => {}): Graph {
  const node = conv(1, [1, 1], { ...readout }, { input: 'input' });
  const graph: Graph = {
    name: 'dense',
    classes: ['only'],
    input: { mean: new Array(inputs).fill(0), std: new Array(inputs).fill(1) },
    tensors: {
      input: { kind: 'pixels', type: 'i8', shape: [1, 1, inputs], scale: 1 },
      y: { kind: 'logits', type: 'i32', shape: [1, 1, 1], scale: 1 },
    },
    nodes: [node],
    data: new Map<string, Int8Array | Int32Array>([
      ['weights', new Int8Array(inputs).fill(127)],
      ['multiplier', Int32Array.of(1)],
      ['bias', Int32Array.of(0)],
    ]),
  };
  change(graph, node);
  return graph;
}

const refused = (graph: Graph, why: RegExp) =>
  assert.throws(
    () => prove(graph),
    (error: unknown) => error instanceof SpikeletError && why.test(error.message),
  );

test('proves exact ranges and refuses what 32 bits do not hold', () => {
  const { output, accumulator } = prove(dense(100)).nodes.get('a')!;
  assert.equal(accumulator, { lo: -127 * 127 * 100, hi: 127 * 127 * 100 });
  assert.equal([output.lo[0], output.hi[0]], [-127 * 127 * 100, 127 * 127 * 100]);
  prove(dense(133_000));
  refused(dense(134_000), /accumulator can reach .* more than 32 bits/);
  refused(
    dense(100, ({ data }) => data.set('multiplier', Int32Array.of(2000))),
    /acc \* multiplier \+ bias can reach/,
  );
});

test('refuses a membrane beyond its type, unless it saturates', () => {
  const membrane = (saturate: boolean, type: 'i16' | 'i32') =>
    dense(3, (graph, node) => {
      node.end = { ...readout, kind: 'charge', saturate };
      node.output = 'm';
      graph.tensors['m'] = { kind: 'membrane', type, shape: [1, 1, 1], scale: 1 };
      graph.nodes.push(
        { op: 'fire', name: 'f', input: 'm', output: 's', thresholds: 'thresholds' },
        { ...conv(1, [1, 1], { ...readout }, { name: 'last', input: 's' }), weights: 'weight' },
      );
      graph.tensors['s'] = { kind: 'spikes', type: 'u8', shape: [1, 1, 1], scale: 1, levels: 1 };
      graph.data.set('thresholds', Int32Array.of(0)).set('weight', Int8Array.of(1));
    });
  refused(membrane(false, 'i16'), /'a': the output can reach -48387..48387, more than i16/);
  prove(membrane(true, 'i16'));
  prove(membrane(false, 'i32'));
});

test('refuses wrong weights, shifts, thresholds, shapes and loose ends', () => {
  const six = (weight: number) =>
    dense(1, ({ data }, node) => {
      node.bits = 6;
      data.set('weights', Int8Array.of(weight));
    });
  prove(six(31));
  prove(six(-31));
  refused(six(32), /more than 6 bits/);
  refused(six(-32), /more than 6 bits/);
  const shift = (value: number) =>
    dense(1, (_, node) => {
      node.end = { ...readout, shift: value };
    });
  for (const wrong of [Number.NaN, -1, 32, 0.5]) refused(shift(wrong), /.* is not a valid shift/);
  refused(
    dense(1, ({ data }) => data.set('multiplier', Int32Array.of(-1))),
    /multiplier is negative/,
  );
  refused(
    dense(2, ({ data }) => data.set('weights', Int8Array.of(1))),
    /should hold 2 values of i8/,
  );
  for (const [key, wrong] of [
    ['stride', [0, 1]],
    ['stride', [Number.NaN, 1]],
    ['kernel', [0.5, 2]],
    ['padding', [-1, 0]],
    ['padding', [1, 0]],
  ] as const)
    refused(
      dense(1, (_, node) => Object.assign(node, { [key]: wrong })),
      /is not valid|is larger than a window/,
    );
  refused(
    dense(1, (_, node) => Object.assign(node, { groups: 0 })),
    /groups of 0 is not valid/,
  );
  refused(
    dense(1, ({ tensors }) => {
      tensors['input']!.shape = [1, 1, Number.NaN];
    }),
    /NaN/,
  );
  refused(
    dense(1, ({ tensors }) => {
      tensors['loose'] = { ...tensors['y']! };
    }),
    /'loose', which no node writes/,
  );
  refused(
    dense(1, ({ nodes, tensors, data }) => {
      nodes.unshift({ ...conv(1, [1, 1], readout, { input: 'input' }), name: 'dead', output: 'dead' });
      tensors['dead'] = { ...tensors['y']! };
      data.set('weights', Int8Array.of(1));
    }),
    /'dead', which no node reads/,
  );
});

test('refuses thresholds that do not ascend, and levels without thresholds', () => {
  const firing = (thresholds: number[], levels: number) =>
    dense(1, ({ nodes, tensors, data }, node) => {
      Object.assign(node, { end: { kind: 'fire', thresholds: 'thresholds' }, output: 's' });
      nodes.push({ ...conv(1, [1, 1], { ...readout }, { input: 's' }), name: 'last' });
      tensors['s'] = { kind: 'spikes', type: 'u8', shape: [1, 1, 1], scale: 1, levels };
      data.set('thresholds', Int32Array.from(thresholds));
    });
  assert.equal(prove(firing([1, 5, 5], 3)).tensors.get('s')!.hi[0], 3);
  assert.equal(prove(firing([1, 5, 20_000], 3)).tensors.get('s')!.hi[0], 2);
  refused(firing([1, 5, 4], 3), /'a': the thresholds of channel 0 do not ascend/);
  refused(firing([1, 5, 5], 2), /should hold 2 values/);
  refused(firing([], 0), /1 to 15 levels/);
});

test('the interpreter gives the same tensors every time and leaves its input alone', () => {
  const graph = randomGraph(seeded(7));
  prove(graph);
  const [h, w, c] = graph.tensors['input']!.shape;
  const pixels = Int8Array.from({ length: h * w * c }, (_, i) => ((i * 37) % 255) - 127);
  const before = pixels.slice();
  const tensors = () => {
    const seen: [string, number[]][] = [];
    interpret(graph, pixels, (name, values) => seen.push([name, [...values]]));
    return seen;
  };
  assert.equal(tensors(), tensors());
  assert.equal(pixels, before);
  assert.throws(() => interpret(graph, pixels.subarray(1)), /pixels/);
});

test.run();
