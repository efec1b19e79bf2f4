import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { verifyWasm } from '../host/verify.js';
import { emitBuild, KNOWN_ANSWER } from '../host/wasm/build.js';
import { layersOf } from '../host/wasm/layers.js';
import { pairsIn16 } from '../host/wasm/pairs.js';
import { type Graph, interpret, type OutputFile, product } from '../models/index.js';
import type { Accumulate } from '../models/ops/accumulate.js';
import { inFolder } from './browser.js';
import { GraphBuilder, seeded } from './random-graph.js';
import { known, setActivity, tiers } from './tiers.js';
import { compiled, randomPixels } from './wasm-models.js';

const ROUNDS = 20_000;
const relaxedHere = tiers.includes('relaxed');
const point = { kernel: [1, 1], stride: [1, 1], padding: [0, 0], groups: 1 } as const;
type Geometry = Parameters<GraphBuilder['accumulate']>[2];

/** assembly/known-relaxed.ts in plain numbers. */
function knownAnswer(rounds: number): number {
  let mixed = [1, 2, 3, 4];
  let bytes = [0x7f817f81, 0x81817f7f, 0x7f7f7f7f, 0x81818181];
  for (let i = 0; i < rounds; i++) {
    mixed = mixed.map((value, lane) => {
      const word = bytes[lane]!;
      const product = (byte: number) => {
        const count = i < 4 ? 15 : (word >>> (3 + 8 * byte)) & 15;
        return ((word << (24 - 8 * byte)) >> 24) * count;
      };
      const low = (product(0) + product(1)) & 0xffff;
      return (Math.imul(value, 31) + (low | ((product(2) + product(3)) << 16))) | 0;
    });
    bytes = bytes.map((word) => (Math.imul(word, 1664525) + 1013904223) | 0);
  }
  return mixed.reduce((all, value) => all ^ value);
}

test('the known answer is that of plain arithmetic', () => {
  assert.is(knownAnswer(ROUNDS), KNOWN_ANSWER);
  if (!relaxedHere) return;
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(known));
  for (const rounds of [1, 4, 5, 1000, ROUNDS])
    assert.is((exports['knownAnswer'] as (rounds: number) => number)(rounds), knownAnswer(rounds));
});

test('pairs of inputs in 16 bits: as many as provably fit, and no more', () =>
  fc.assert(
    fc.property(fc.integer({ min: 0 }), (seed) => {
      const random = seeded(seed);
      const levels = 1 + Math.floor(random() * 15);
      const b = new GraphBuilder(random, [3, 3, 1]);
      const x = b.accumulate('x', 'input', { ...point, out: 24 } as unknown as Geometry, {
        kind: 'fire',
        levels,
      });
      const kernel: [number, number] = [1 + Math.floor(random() * 3), 1 + Math.floor(random() * 3)];
      b.accumulate('y', x, { ...point, kernel, out: 3 } as unknown as Geometry, { kind: 'fire', levels: 2 });
      const node = b.graph.nodes[1] as Accumulate;
      const weights = b.graph.data.get(node.weights) as Int8Array;
      const taps = product(kernel);
      const worst = (count: number) =>
        Math.max(
          ...[1, -1].flatMap((sign) =>
            [0, 1, 2].map((o) => {
              const sums: number[] = [];
              const own = weights.subarray(o * taps * 24, (o + 1) * taps * 24);
              for (let i = 0; i < own.length; i += 2)
                sums.push(Math.max(0, sign * own[i]!) + Math.max(0, sign * own[i + 1]!));
              sums.sort((p, q) => q - p);
              return levels * sums.slice(0, count).reduce((all, sum) => all + sum, 0);
            }),
          ),
        );
      const most = pairsIn16(node, b.graph);
      assert.ok(worst(most) <= 32767);
      assert.ok(most === taps * 12 || worst(most + 1) > 32767);
    }),
  ));

/** A graph whose every neuron but the first fires all it can into weights that are all the largest, of either sign. */
function extremeGraph(): Graph {
  const b = new GraphBuilder(seeded(1), [6, 9, 1]);
  const fire = { kind: 'fire' as const, levels: 15 };
  const wide = { ...point, kernel: [3, 3], padding: [1, 1] };
  let x = b.accumulate('x', 'input', { ...point, out: 40 } as unknown as Geometry, { ...fire, levels: 5 });
  x = b.accumulate(
    'deep',
    x,
    { ...wide, kernel: [7, 7], padding: [3, 3], groups: 40, out: 40 } as unknown as Geometry,
    fire,
  );
  x = b.accumulate('wide', x, { ...wide, out: 70 } as unknown as Geometry, fire);
  x = b.accumulate('strided', x, { ...wide, stride: [2, 2], out: 24 } as unknown as Geometry, fire);
  const y = b.accumulate('sum', x, { ...point, out: 20 } as unknown as Geometry, {
    kind: 'charge',
    type: 'i32',
    saturate: false,
  });
  const [h, w] = b.tensor(y).shape;
  b.accumulate(
    'head',
    b.fire('last', y, 15, true),
    { ...point, kernel: [h, w], out: 6 } as unknown as Geometry,
    { kind: 'readout' },
  );
  const { graph } = b;
  for (const node of graph.nodes) {
    if (node.op === 'accumulate' && node.name !== 'x') {
      const weights = graph.data.get(node.weights) as Int8Array;
      const each = weights.length / node.out;
      graph.data.set(
        node.weights,
        weights.map((_, i) => (Math.floor(i / each) % 3 ? 127 : -127)),
      );
    }
    // Nothing is too little to fire at.
    if (node.op === 'accumulate' && node.end.kind === 'fire')
      graph.data.set(node.end.thresholds, graph.data.get(node.end.thresholds)!.map(() => -1e9) as Int32Array);
  }
  for (const tensor of Object.values(graph.tensors))
    if (tensor.kind === 'spikes') tensor.activity = { density: 1, rate: 15 };
  return graph;
}

(relaxedHere ? test : test.skip)('largest counts and weights: no sum leaves its bits', async () => {
  const graph = extremeGraph();
  const kernels = layersOf(graph, 'relaxed').map(({ kernel }) => kernel);
  assert.equal(kernels, ['pixels', 'depthwise', 'pairs', 'pairs', 'pairs', 'fire', 'pairs']);
  const images = [0, 1].map((density) => randomPixels(graph, seeded(2), density));
  for (const band of [1, undefined]) {
    const { model } = await (await compiled(graph, 'relaxed'))(band ? { band } : {});
    assert.is(verifyWasm(graph, model, images).firstDifference, null);
  }
});

function busyGraph(): Graph {
  const random = seeded(5);
  const b = new GraphBuilder(random, [4, 4, 1]);
  const x = b.accumulate('x', 'input', { ...point, out: 24 } as unknown as Geometry, {
    kind: 'fire',
    levels: 4,
  });
  b.accumulate('head', x, { ...point, kernel: [4, 4], out: 5 } as unknown as Geometry, { kind: 'readout' });
  setActivity(b.graph, () => 0.9);
  return b.graph;
}

/** What a loader in an engine of its own takes and computes. */
async function loaded(files: OutputFile[], raw: Uint8Array, nodeFlags: string[] = []) {
  let answer = { tier: '', logits: [] as number[] };
  await inFolder(async (folder) => {
    for (const { path, contents } of files) await writeFile(join(folder, path), contents);
    const script = `const { load } = await import(${JSON.stringify(pathToFileURL(join(folder, 'model.mjs')).href)});
      const model = await load();
      console.log(JSON.stringify({ tier: model.tier, logits: [...model.infer(Uint8Array.from([${raw}]))] }));`;
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      [...nodeFlags, '--input-type=module', '--eval', script],
      { encoding: 'utf8' },
    );
    assert.is(status, 0, stderr);
    answer = JSON.parse(stdout);
  });
  return answer;
}

test('the loader takes the relaxed module only from an engine that computes it right', async () => {
  const graph = busyGraph();
  const { files } = await emitBuild(graph, { also: ['relaxed', 'swar'] });
  assert.equal(
    files.map(({ path }) => path).filter((path) => path.endsWith('.wasm')),
    ['model.wasm', 'model-relaxed.wasm', 'model-swar.wasm'],
  );
  const raw = Uint8Array.from({ length: 16 }, (_, i) => (i * 7919) % 256);
  const old = process.versions.node.startsWith('20.');
  const flags = old ? ['--experimental-wasm-relaxed-simd'] : [];
  const simd = await loaded(
    files
      .filter(({ path }) => path !== 'model-relaxed.wasm' && path !== 'model.mjs')
      .concat((await emitBuild(graph)).files.filter(({ path }) => path === 'model.mjs')),
    raw,
  );
  assert.is(simd.tier, 'simd');
  assert.equal(await loaded(files, raw, flags), { ...simd, tier: 'relaxed' });
  // Before and after an optimising compiler has seen it.
  for (const only of ['--liftoff-only', '--no-liftoff'])
    assert.is((await loaded(files, raw, [...flags, only])).tier, 'relaxed', only);
  if (old) assert.equal(await loaded(files, raw), simd, 'an engine without relaxed SIMD');
  const wrong = files.map(({ path, contents }) => ({
    path,
    contents: path === 'model.mjs' ? String(contents).replace(String(KNOWN_ANSWER), '1') : contents,
  }));
  assert.equal(await loaded(wrong, raw, flags), simd, 'another answer than the known one');
});

test('a build has no relaxed module where no layer gains by it', async () => {
  const graph = busyGraph();
  for (const tensor of Object.values(graph.tensors)) delete tensor.activity;
  const { files } = await emitBuild(graph, { also: ['relaxed'] });
  assert.not(files.some(({ path }) => path === 'model-relaxed.wasm'));
  assert.ok(String(files.find(({ path }) => path === 'model.mjs')!.contents).includes("known: ''"));
});

test('interpreter and both vector tiers agree on a busy net', async () => {
  const graph = busyGraph();
  const pixels = randomPixels(graph, seeded(3), 1);
  for (const tier of tiers) {
    const { model } = await (await compiled(graph, tier))();
    assert.equal([...model.infer(pixels)], [...interpret(graph, pixels)], tier);
  }
});

test.run();
