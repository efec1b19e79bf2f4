import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { verifyWasm } from '../../host/run/verify.js';
import { emitBuild } from '../../host/wasm/build.js';
import { loadWasm } from '../../host/wasm/load.js';
import { argmax, interpret, outputOf, plan, SpikeletError } from '../../models/index.js';
import { describeWasm } from '../../wasm/describe.js';
import { kernels, layersOf } from '../../wasm/layers.js';
import { randomGraph, seeded } from '../support/random-graph.js';
import { tiers } from '../support/tiers.js';
import { randomPixels, tinyGraph } from '../support/wasm-models.js';

const graph = tinyGraph();
const build = await emitBuild(graph);
const wasm = new Uint8Array(build.files.find(({ path }) => path === 'model.wasm')!.contents as Uint8Array);
const images = [0.2, 0.5, 1].map((density, i) => randomPixels(graph, seeded(i), density));

/** Most bytes of code, plan, description and the tier's tables. */
const LARGEST = { relaxed: 30_000, simd: 30_000, swar: 20_000 };

for (const tier of tiers)
  test(`tiny, ${tier}: at most ${LARGEST[tier]} bytes besides the parameters, the memory whole pages`, async () => {
    const { files, bytes, arenaBytes, pages } = await emitBuild(graph, { tier });
    const { module, code, weights, constants } = bytes;
    console.log(`  ${module} bytes, ${code} code, ${weights} weights, ${constants} other constants`);
    const model = files[0]!.contents as Uint8Array<ArrayBuffer>;
    assert.is(module, model.length);
    const parameters = layersOf(graph, tier).reduce((sum, layer) => sum + layer.constants.bytes.length, 0);
    console.log(`  ${parameters} bytes of parameters, ${module - parameters} of anything else`);
    assert.ok(module - parameters <= LARGEST[tier]);
    assert.is(arenaBytes, plan(graph, kernels).arenaBytes);
    const { memory, description } = loadWasm(model);
    assert.is(description.tier, tier);
    assert.is(description.weights, weights);
    const [arena, size] = description.arena;
    assert.is(memory.buffer.byteLength, pages * 65536);
    assert.is(pages, Math.ceil((arena + size) / 65536));
  });

test('tiny: verified with labels', () => {
  const labels = images.map((pixels) => argmax(interpret(graph, pixels)));
  labels[1] = (labels[1]! + 1) % 10;
  let progress = 0;
  const result = verifyWasm(graph, loadWasm(wasm), images, {
    labels,
    onProgress: (done) => {
      progress = done;
    },
  });
  assert.equal(result, {
    samples: 3,
    equal: 3,
    firstDifference: null,
    accuracy: { graph: 2 / 3, wasm: 2 / 3 },
  });
  assert.is(progress, 3);
});

test('changed weights are found, and the first tensor that differs is named', () => {
  const layers = layersOf(graph, 'simd');
  for (const name of ['stem.0', 'b1.ch.3.0', 'head']) {
    const index = graph.nodes.findIndex((n) => n.name === name);
    const node = graph.nodes[index]!;
    const { bytes } = layers[index]!.constants;
    const at = Buffer.from(wasm).indexOf(bytes);
    assert.ok(at > 0, 'the constants are in the module as they are packed');
    const changed = wasm.slice();
    // Some of every output, so that the change cannot be rounded away.
    for (let i = at; i < at + bytes.length; i += 5) changed[i]! ^= 0x40;
    const result = verifyWasm(graph, loadWasm(changed), images);
    assert.ok(result.equal < 3);
    const { firstDifference } = result;
    assert.is(firstDifference?.tensor, node.output);
    assert.match(firstDifference!.expected, /^[0-9a-f]{8}$/);
    assert.is.not(firstDifference!.expected, firstDifference!.actual);
  }
});

test('a module of another graph is refused', () => {
  assert.throws(
    () => verifyWasm(randomGraph(seeded(1)), loadWasm(wasm), images),
    (error: unknown) => error instanceof SpikeletError && /was not built from/.test(error.message),
  );
});

test('a module describes itself', () => {
  const description = describeWasm(wasm);
  assert.is(description.name, 'tiny');
  assert.equal(description.classes, graph.classes);
  assert.is(description.tensors.length, graph.nodes.length + 1);
  assert.is(description.tensors.at(-1)![0], outputOf(graph));
  assert.equal(description.input, { scale: 0.02, mean: [0.3], std: [0.4] });
  assert.is(description.weights, build.bytes.weights);
});

test('damaged modules are refused with a reason, or still described', () => {
  const section = Buffer.from(wasm).indexOf('{"format"');
  const places = fc.oneof(
    fc.nat(wasm.length - 1),
    fc.integer({ min: section - 16, max: wasm.length - 1 }),
    fc.nat(64),
  );
  let refused = 0;
  const attempt = (bytes: Uint8Array<ArrayBuffer>) => {
    try {
      describeWasm(bytes);
      loadWasm(bytes);
    } catch (error) {
      if (!(error instanceof SpikeletError)) throw error;
      refused++;
    }
  };
  fc.assert(
    fc.property(fc.array(fc.tuple(places, fc.nat(255)), { minLength: 1, maxLength: 4 }), (changes) => {
      const bytes = wasm.slice();
      for (const [at, value] of changes) bytes[at] = value;
      attempt(bytes);
    }),
    { numRuns: 300 },
  );
  fc.assert(
    fc.property(fc.nat(wasm.length - 1), (length) => attempt(wasm.slice(0, length))),
    { numRuns: 50 },
  );
  assert.ok(refused > 100, `${refused} refused`);
});

test('a description that contradicts itself is refused', () => {
  const text = Buffer.from(wasm).toString('latin1');
  for (const [from, to, why] of [
    ['"format":1', '"format":2', /format/],
    ['["input","pixels"', '["input","pixelz"', /tensors\.0/],
    ['["input","pixels"', '["other","pixels"', /takes no pixels/],
    ['"class 9"', '"class  "', undefined],
    ['[28,28,1]', '[99,99,1]', /arena|whole/],
  ] as const) {
    assert.ok(text.includes(from));
    const bytes = Uint8Array.from(Buffer.from(text.replace(from, to), 'latin1'));
    if (!why) assert.is(describeWasm(bytes).classes[9], 'class  ');
    else
      assert.throws(
        () => describeWasm(bytes),
        (error: unknown) => error instanceof SpikeletError && why.test(error.message),
      );
  }
});

test('names from a file cannot reach the generated source', async () => {
  const hostile = randomGraph(seeded(5), 2);
  hostile.name = '*/ export function evil(): void {} /*\n';
  for (const [i, node] of hostile.nodes.entries()) node.name = `1 */ ${node.op} \n } ${i}`;
  const { source, files } = await emitBuild(hostile);
  // Comments show names as they are, but for what would end a comment.
  assert.match(source, '// * / export function evil(): void {} / *');
  const code = source.replace(/\/\/[^\n]*|\/\*[\s\S]*?\*\//g, '');
  assert.not.match(code, /evil|\*\//);
  const model = loadWasm(new Uint8Array(files[0]!.contents as Uint8Array));
  assert.is(verifyWasm(hostile, model, [randomPixels(hostile, seeded(1), 1)]).equal, 1);
});

test.run();
