import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { emitBuild } from '../../../host/wasm/build.js';
import type { load as Load } from '../../../host/wasm/model.mjs';
import { interpret, pixelTable, product, rawToPixels } from '../../../models/index.js';
import { browser, inFolder, resultOf } from '../../support/browser.js';
import { randomGraph, seeded } from '../../support/random-graph.js';
import { testWith } from '../../support/skip.js';

const graph = randomGraph(seeded(21), 6);
const raw = Uint8Array.from({ length: product(graph.tensors['input']!.shape) }, (_, i) => (i * 7919) % 256);
const pixels = rawToPixels(pixelTable(graph), raw);
const expected = [...interpret(graph, pixels)];
const { files } = await emitBuild(graph, { band: 2, also: ['swar'] });

test('model.mjs runs in Node, on raw pixels and on the pixels of the network', () =>
  inFolder(async (folder) => {
    for (const { path, contents } of files) await writeFile(join(folder, path), contents);
    const { load } = (await import(pathToFileURL(join(folder, 'model.mjs')).href)) as { load: typeof Load };
    const model = await load();
    assert.equal(model.classes, graph.classes);
    assert.equal(model.shape, graph.tensors['input']!.shape);
    assert.equal([...model.infer(raw)], expected);
    assert.equal([...model.infer(Uint8ClampedArray.from(raw))], expected);
    assert.equal([...model.infer(pixels)], expected);
    assert.throws(() => model.infer(raw.subarray(1)), /pixels, got/);
    const bytes = files[0]!.contents as Uint8Array<ArrayBuffer>;
    assert.equal([...(await load(bytes)).infer(raw)], expected);
    assert.equal([...(await load(new Response(bytes))).infer(raw)], expected);
  }));

test('model.mjs takes the module without vectors where the engine has none', () =>
  inFolder(async (folder) => {
    for (const { path, contents } of files)
      if (path !== 'model.wasm') await writeFile(join(folder, path), contents);
    const { validate } = WebAssembly;
    assert.ok(
      validate(files.find(({ path }) => path === 'model-swar.wasm')!.contents as Uint8Array<ArrayBuffer>),
    );
    // An engine that knows no vector instruction.
    WebAssembly.validate = () => false;
    try {
      const { load } = (await import(pathToFileURL(join(folder, 'model.mjs')).href)) as { load: typeof Load };
      assert.equal([...(await load()).infer(raw)], expected);
    } finally {
      WebAssembly.validate = validate;
    }
  }));

(await testWith([browser]))('model.mjs runs in a browser', async () => {
  const script = `import { load } from './model.mjs';
const model = await load();
result(JSON.stringify([...model.infer(Uint8Array.from([${raw}]))]));`;
  assert.is(await resultOf(files, script), JSON.stringify(expected));
});

test.run();
