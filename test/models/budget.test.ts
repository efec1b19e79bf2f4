import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compare } from '../../host/report/compare.js';
import {
  interpret,
  netRunner,
  plan,
  readNet,
  readSafetensors,
  requireInterpretable,
  requireRunnable,
  SpikeletError,
  writeGraph,
  writeNet,
  writeSafetensors,
} from '../../models/index.js';
import type { Values } from '../../models/ops/op.js';
import { quantize } from '../../quantize/index.js';
import { kernels } from '../../wasm/layers.js';
import { growth } from '../support/mutations.js';
import { zooNet } from '../support/nets.js';
import { graphLike, randomGraph, seeded } from '../support/random-graph.js';

/** The error of what must be refused, before it allocates anything large. */
function refused(body: () => unknown, message: RegExp): SpikeletError {
  let found: unknown;
  const grew = growth(() => {
    try {
      body();
    } catch (error) {
      found = error;
    }
  });
  assert.instance(found, SpikeletError);
  assert.match((found as SpikeletError).message, message);
  assert.ok((found as SpikeletError).hint);
  assert.ok(grew < 100e6, `memory grew by ${grew} bytes`);
  return found as SpikeletError;
}

test('maps that are out of proportion to the weights are refused before they are allocated', () => {
  const net = zooNet('mini', [5000, 5000, 1], 3);
  assert.ok(writeNet(net).length < 100_000);
  refused(
    () => netRunner(net),
    /net 'mini', '[\w.]+', would hold \d+ bytes at once; with \d+ bytes of weights/,
  );
  const graph = graphLike(net, seeded(1));
  refused(
    () => interpret(graph, new Int8Array()),
    /graph 'mini', '[\w.]+', would hold \d+ bytes at once; with \d+ bytes of weights, at most \d+ are allowed/,
  );
  refused(() => plan(graph, kernels), /the memory of graph 'mini' would hold/);
  refused(() => compare(net, graph, []), /comparing net 'mini' with its graph would hold/);
  const small = zooNet('mini', [512, 512, 1], 3);
  const image = new Float32Array(512 * 512);
  refused(() => quantize(small, new Array(300).fill(image), { bits: 8 }), /calibrating .* for 300 images/);
});

test("GPTQ's second moments are bounded", () => {
  const net = zooNet('dense', [160, 160, 1], 3, { hidden: [1] } as object);
  refused(() => quantize(net, [new Float32Array(160 * 160)], { bits: 4 }), /GPTQ of '[\w.]+' would hold/);
});

test('published networks at their size and at larger ones are within bounds', () => {
  for (const [model, size] of [
    ['espikeformer-m', 224],
    ['espikeformer-m', 512],
    ['espikeformer-t', 384],
    ['tiny', 28],
    ['tiny', 128],
  ] as const) {
    const net = zooNet(model, [size, size, 3], 1000);
    requireRunnable(net);
    requireInterpretable(graphLike(net, seeded(1)), 16);
  }
});

test('a tensor is forgotten after its last reader, and nothing that is read later is', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const graph = randomGraph(seeded(seed), 8);
    const pixels = new Int8Array(graph.tensors['input']!.shape.reduce((a, b) => a * b)).map(
      (_, i) => (i * 37) % 127,
    );
    const seen = new Map<string, Values>();
    const logits = interpret(graph, pixels, (name, values) => seen.set(name, values));
    // Whoever wants all of them keeps them.
    assert.is(seen.size, graph.nodes.length + 1);
    assert.equal([...seen.values()].at(-1), logits);
  }
});

test('values of a float run share memory, and none is overwritten before it is read', () => {
  const net = zooNet('tiny', [12, 12, 1], 3);
  const alone = netRunner(net);
  const image = Float32Array.from({ length: 144 }, (_, i) => Math.sin(i));
  const buffers = new Set<ArrayBufferLike>();
  const sums = new Map<string, number>();
  const sum = (data: ArrayLike<number>) => Array.from(data).reduce((a, b) => a + b, 0);
  alone(image, (node, value, inputs) => {
    buffers.add(value.data.buffer);
    sums.set(node.name, sum(value.data));
    for (const [i, name] of ('inputs' in node ? node.inputs : [node.input]).entries())
      if (name !== 'input') assert.is(sum(inputs[i]!.data), sums.get(name), `${node.name} reads ${name}`);
  });
  assert.ok(buffers.size < net.nodes.length / 4, `${buffers.size} buffers of ${net.nodes.length} nodes`);
});

test('a plan in bands of rows that would take minutes is refused', () => {
  const graph = graphLike(zooNet('mini', [65536, 16, 1], 3), seeded(1));
  refused(
    () => plan(graph, kernels, { ram: 100_000 }),
    /planning graph 'mini' in bands of rows would take too long/,
  );
});

test('names that could move a cursor or turn the direction of text are not written and not read', () => {
  const net = zooNet('mini', [8, 8, 1], 3);
  for (const name of ['a\x1b[2J', 'a\nb', 'a\u202eb', 'a\u2028b', '\u2066a', '\ud800', 'x'.repeat(1001)])
    refused(
      () => writeNet({ ...net, classes: [name, 'b', 'c'] }),
      /the structure of the net is wrong at classes\.0/,
    );
  const classes = ['\u0646\u0645\u06cc\u200c\u062f\u0627\u0646\u0645', '\u732b', '\u{1f468}\u200d\u{1f469}'];
  assert.equal(readNet(writeNet({ ...net, classes })).classes, classes);
});

test('what an error quotes of a file is short and printable', () => {
  const graph = randomGraph(seeded(1));
  const name = `x\x1b[31m${'y'.repeat(100_000)}`;
  const { message } = refused(
    () => writeGraph({ ...graph, tensors: { ...graph.tensors, [name]: graph.tensors['input']! } }),
    /the structure of the graph is wrong/,
  );
  assert.ok(message.length < 600 && !message.includes('\x1b'), message);
  const file = writeSafetensors(new Map([[name, { shape: [1], data: new Float32Array(1) }]]));
  refused(() => readSafetensors(file, 'f.st'), /f\.st is not a valid .*: a name of 100006 characters/);
  const net = zooNet('mini', [8, 8, 1], 3);
  const stray = new Map([...net.params, ['\x1b[31mEVIL', { shape: [1], data: new Float32Array(1) }]]);
  const shown = refused(() => readNet(writeNet({ ...net, params: stray })), /unexpected \(1\): \?\[31mEVIL/);
  assert.ok(!shown.message.includes('\x1b'));
  const many = new Map(
    Array.from({ length: 50_001 }, (_, i) => [`t${i}`, { shape: [0], data: new Float32Array() }]),
  );
  const manyFile = writeSafetensors(many);
  refused(() => readSafetensors(manyFile, 'f.st'), /it has 50001 tensors/);
});

test.run();
