import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { useBackend } from '../../host/train/backend.js';
import { forward } from '../../host/train/forward.js';
import { type Tensor4D, tf } from '../../host/train/tf.js';
import {
  type Graph,
  type GraphNode,
  interpret,
  type Net,
  type NetNode,
  netMacs,
  netRunner,
  netShapes,
  operationsOf,
  plainChoices,
  prove,
  SpikeletError,
  writeGraph,
  writeNet,
} from '../../models/index.js';
import { nodeTime } from '../../models/plan/cost.js';
import { signatureOf } from '../../models/plan/segments.js';
import { nodeRunner } from '../../models/run.js';
import { fuse } from '../../quantize/structure.js';
import { root, sources } from '../support/imports.js';
import { zooNet } from '../support/nets.js';
import { randomGraph, seeded } from '../support/random-graph.js';

const mini = zooNet('mini', [8, 8, 1], 3);

/** An op that no part of spikelet knows, as a caller without types or a newer file could bring it. */
const netNode = { op: 'warp', name: 'u', input: mini.nodes[0]!.name } as unknown as NetNode;

const strange: Net = { ...mini, nodes: [mini.nodes[0]!, netNode, ...mini.nodes.slice(1)] };

const isUnknown = (error: unknown) =>
  error instanceof SpikeletError && error.message.includes("'warp'") && Boolean(error.hint);

test('a Net with an op that a part does not know is an error in that part', () => {
  const shapes = new Map([...netShapes(mini), ['u', [4, 4, 8]]]) as ReturnType<typeof netShapes>;
  assert.throws(() => netShapes(strange), isUnknown);
  assert.throws(() => netRunner(strange), isUnknown);
  assert.throws(() => nodeRunner(strange, netNode, shapes), isUnknown);
  assert.throws(() => netMacs(netNode, shapes), isUnknown);
  assert.throws(() => fuse(strange), isUnknown);
  assert.throws(
    () => writeNet(strange),
    (error: unknown) => error instanceof SpikeletError && /nodes\.1\.op/.test(error.message),
  );
});

test('training does not pass the value before it through an op that it does not know', async () => {
  await useBackend('cpu');
  const images = tf.zeros([1, 8, 8, 1]) as Tensor4D;
  // The op comes first: nothing but the image is computed before it.
  const net: Net = { ...mini, nodes: [{ ...netNode, input: 'input' } as NetNode, ...mini.nodes] };
  assert.throws(
    () => forward(net, new Map(), images, { mode: { training: false, values: new Map() } }),
    isUnknown,
  );
});

test('a Graph with an op that a part does not know is an error in that part', () => {
  const graph = randomGraph(seeded(3));
  const node = { op: 'warp', name: 'u', input: 'input', output: 'u' } as unknown as GraphNode;
  const changed: Graph = {
    ...graph,
    tensors: { ...graph.tensors, u: graph.tensors['input']! },
    nodes: [node, ...graph.nodes],
  };
  assert.throws(() => prove(changed), isUnknown);
  assert.throws(
    () => interpret(changed, new Int8Array(graph.tensors['input']!.shape.reduce((a, b) => a * b))),
    isUnknown,
  );
  assert.throws(() => operationsOf(node, changed), isUnknown);
  assert.throws(() => nodeTime(node, changed, plainChoices, 1, undefined), isUnknown);
  assert.throws(
    () => writeGraph(changed),
    (error: unknown) => error instanceof SpikeletError && /nodes\.0\.op/.test(error.message),
  );
});

test('segments of nodes that differ in any field but names and constants are planned apart', () => {
  const graph = randomGraph(seeded(3));
  const first = graph.nodes[0]!;
  const segment = { input: 'input', first: 0, last: 0 };
  const key = (node: object) =>
    signatureOf({ ...graph, nodes: [{ ...first, ...node }] } as Graph, segment, new Map());
  assert.is(key({ name: 'another' }), key({}));
  assert.is.not(key({ dilation: [2, 2] }), key({}));
  assert.is.not(key({ padding: [0, 1] }), key({ padding: [1, 0] }));
});

const importAlone = (url: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const worker = new Worker('import(require("node:worker_threads").workerData)', {
      eval: true,
      workerData: url,
    });
    worker.on('error', (error) => reject(new Error(`${url}: ${error}`)));
    worker.on('exit', () => resolve());
  });

test('each file of models and quantize can be imported alone', async () => {
  // By the sources: dist may still hold what was compiled from files that are gone.
  const files = ['models', 'quantize']
    .flatMap(sources)
    .map((file) => join(root, 'dist', file.replace(/\.(m?)ts$/, '.$1js')));
  assert.ok(files.length > 40, 'the files were not found');
  // A thread has its own modules, and starts sooner than a process.
  for (const file of files) await importAlone(pathToFileURL(file).href);
});

test.run();
