import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { verifyWasm } from '../../host/run/verify.js';
import { emitBuild, KNOWN_ANSWER } from '../../host/wasm/build.js';
import {
  type Graph,
  interpret,
  type OutputFile,
  pixelTable,
  product,
  rawToPixels,
  writeGraph,
} from '../../models/index.js';
import type { Accumulate } from '../../models/ops/accumulate.js';
import { layersOf } from '../../wasm/layers.js';
import { pairsIn16 } from '../../wasm/pairs.js';
import { inFolder } from '../support/browser.js';
import { main } from '../support/command.js';
import { GraphBuilder, seeded } from '../support/random-graph.js';
import { testWith } from '../support/skip.js';
import { known, relaxedSimd, setActivity } from '../support/tiers.js';
import { compiled, randomPixels } from '../support/wasm-models.js';

const ROUNDS = 20_000;
const withRelaxed = await testWith([relaxedSimd]);
const old = process.versions.node.startsWith('20.');
const flags = old ? ['--experimental-wasm-relaxed-simd'] : [];

type Geometry = Parameters<GraphBuilder['accumulate']>[2];
const geometry = (out: number, more: Partial<Geometry> = {}): Geometry => ({
  ...{ kernel: [1, 1], stride: [1, 1], padding: [0, 0], groups: 1, out },
  ...more,
});

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
});

withRelaxed('relaxed SIMD gives the known answer', () => {
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
      const x = b.accumulate('x', 'input', geometry(24), {
        kind: 'fire',
        levels,
      });
      const kernel: [number, number] = [1 + Math.floor(random() * 3), 1 + Math.floor(random() * 3)];
      b.accumulate('y', x, geometry(3, { kernel }), { kind: 'fire', levels: 2 });
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

/**
 * A graph whose every neuron but the first fires all it can into weights that are all the largest, of either
 * sign.
 */
function extremeGraph(): Graph {
  const b = new GraphBuilder(seeded(1), [6, 9, 1]);
  const fire = { kind: 'fire' as const, levels: 15 };
  const wide: Partial<Geometry> = { kernel: [3, 3], padding: [1, 1] };
  let x = b.accumulate('x', 'input', geometry(40), { ...fire, levels: 5 });
  x = b.accumulate('deep', x, geometry(40, { kernel: [7, 7], padding: [3, 3], groups: 40 }), fire);
  x = b.accumulate('wide', x, geometry(70, wide), fire);
  x = b.accumulate('strided', x, geometry(24, { ...wide, stride: [2, 2] }), fire);
  const y = b.accumulate('sum', x, geometry(20), {
    kind: 'charge',
    type: 'i32',
    saturate: false,
  });
  const [h, w] = b.tensor(y).shape;
  b.accumulate('head', b.fire('last', y, 15, true), geometry(6, { kernel: [h, w] }), { kind: 'readout' });
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

withRelaxed('largest counts and weights: no sum leaves its bits', async () => {
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
  const x = b.accumulate('x', 'input', geometry(24), {
    kind: 'fire',
    levels: 4,
  });
  b.accumulate('head', x, geometry(5, { kernel: [4, 4] }), { kind: 'readout' });
  setActivity(b.graph, () => 0.9);
  return b.graph;
}

/** What a loader in another engine takes and computes. */
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
  const loaderWith = (change: (text: string) => string) =>
    files.map(({ path, contents }) => ({
      path,
      contents: path === 'model.mjs' ? change(String(contents)) : contents,
    }));
  const plain = loaderWith((text) => text.replace(/known: '[^']+'/, "known: ''"));
  const simd = await loaded(plain, raw, flags);
  const expected = [...interpret(graph, rawToPixels(pixelTable(graph), raw))];
  assert.equal(simd, { tier: 'simd', logits: expected });
  assert.equal(await loaded(files, raw, flags), { ...simd, tier: 'relaxed' });
  // Before and after an optimising compiler has seen it.
  for (const only of ['--liftoff-only', '--no-liftoff'])
    assert.is((await loaded(files, raw, [...flags, only])).tier, 'relaxed', only);
  if (old) assert.equal(await loaded(files, raw), simd, 'an engine without relaxed SIMD');
  const wrong = loaderWith((text) => text.replace(String(KNOWN_ANSWER), '1'));
  assert.equal(await loaded(wrong, raw, flags), simd, 'another answer than the known one');
});

test('a build has no relaxed module where no layer gains by it', async () => {
  const graph = busyGraph();
  for (const tensor of Object.values(graph.tensors)) delete tensor.activity;
  const { files } = await emitBuild(graph, { also: ['relaxed'] });
  assert.not(files.some(({ path }) => path === 'model-relaxed.wasm'));
  assert.ok(String(files.find(({ path }) => path === 'model.mjs')!.contents).includes("known: ''"));
});

test('build --also adds modules, verify --build runs one of them', () =>
  inFolder(async (folder) => {
    const random = seeded(9);
    const b = new GraphBuilder(random, [32, 32, 2]);
    const x = b.accumulate('x', 'input', geometry(10), { kind: 'fire', levels: 3 });
    b.accumulate('head', x, geometry(8, { kernel: [32, 32] }), { kind: 'readout' });
    setActivity(b.graph, () => 0.8);
    await writeFile(join(folder, 'graph.safetensors'), writeGraph(b.graph));
    const json = (...args: string[]) => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, main, ...args, '--json'], {
        cwd: folder,
        encoding: 'utf8',
      });
      assert.is(status, 0, stderr);
      return JSON.parse(stdout);
    };
    const built = json(
      'build',
      'graph.safetensors',
      '--target',
      'wasm',
      '--also',
      'swar,relaxed',
      '--out',
      'b',
    );
    for (const tier of ['relaxed', 'swar']) {
      const path = `model-${tier}.wasm`;
      assert.ok(built.files.includes(path));
      const { samples, equal } = json(
        ...['verify', 'graph.safetensors', '--against', 'wasm', '--build', join('b', path)],
        ...['--data', 'gestures:train=8,test=8', '--count', '3'],
      );
      assert.equal([samples, equal], [3, 3], tier);
    }
  }));

test.run();
