import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { emitBuild } from '../host/wasm/build.js';
import type { load as Load } from '../host/wasm/model.mjs';
import { interpret, pixelTable, product, rawToPixels, SpikeletError } from '../models/index.js';
import { browser, inFolder, resultOf } from './browser.js';
import { randomGraph, seeded } from './random-graph.js';
import { testWith } from './skip.js';

const graph = randomGraph(seeded(21), 6);
const raw = Uint8Array.from({ length: product(graph.tensors['input']!.shape) }, (_, i) => (i * 7919) % 256);
const expected = [...interpret(graph, rawToPixels(pixelTable(graph), raw))];
const { files } = await emitBuild(graph, { threads: 3 });
const script = (threads: number) => `import { load } from './model.mjs';
const model = await load(undefined, undefined, { threads: ${threads} });
const logits = [...model.infer(Uint8Array.from([${raw}]))];
const again = [...model.infer(Uint8Array.from([${raw}]))];
await model.close();
result(JSON.stringify([model.threads, logits, again]));`;

test('model.mjs runs on threads in Node, which end when they are told to', () =>
  inFolder(async (folder) => {
    for (const { path, contents } of files) await writeFile(join(folder, path), contents);
    const { load } = (await import(pathToFileURL(join(folder, 'model.mjs')).href)) as { load: typeof Load };
    for (const threads of [1, 2, 3]) {
      const model = await load(undefined, undefined, { threads });
      assert.is(model.threads, threads);
      for (let i = 0; i < 20; i++) assert.equal([...model.infer(raw)], expected);
      await model.close();
      if (threads > 1) assert.throws(() => model.infer(raw), /threads have ended/);
    }
    for (const [threads, message] of [
      [4, /built for 3 threads, not 4/],
      [0, /0 is no number of threads/],
    ] as const)
      await load(undefined, undefined, { threads }).then(
        () => assert.unreachable(),
        (error: Error) => assert.match(error.message, message),
      );
  }));

test('a process ends although its threads were not closed', () =>
  inFolder(async (folder) => {
    for (const { path, contents } of files) await writeFile(join(folder, path), contents);
    const program = script(3).replace('await model.close();', '').replace('result(', 'console.log(');
    await writeFile(join(folder, 'program.mjs'), program);
    const out = execFileSync(process.execPath, [join(folder, 'program.mjs')], { timeout: 60_000 });
    assert.equal(JSON.parse(String(out)), [3, expected, expected]);
  }));

test('threads with a budget of RAM or weights outside are refused', async () => {
  for (const options of [{ ram: 1 << 20 }, { time: 2 }, { weights: 'outside' as const }])
    await emitBuild(graph, { ...options, threads: 2 }).then(
      () => assert.unreachable(),
      (error: unknown) => assert.ok(error instanceof SpikeletError && error.code === 2),
    );
});

const isolated = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};
for (const [where, headers, threads] of [
  ['a browser, on threads', isolated, 3],
  ['a browser whose page is not isolated, on one thread', {}, 1],
] as const)
  (await testWith([browser]))(`model.mjs runs in ${where}`, async () => {
    const wanted = JSON.stringify([threads, expected, expected]);
    assert.is(await resultOf(files, script(3), headers), wanted);
  });

test.run();
