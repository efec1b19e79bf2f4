import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import threads, { type Worker } from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { startBatch } from '../../../host/run/batch.js';
import { emitBuild } from '../../../host/wasm/build.js';
import { openGuarded } from '../../../host/wasm/guard.js';
import { loadThreads } from '../../../host/wasm/load.js';
import type { load as Load } from '../../../host/wasm/model.mjs';
import { interpret, pixelTable, product, rawToPixels, SpikeletError } from '../../../models/index.js';
import { browser, inFolder, resultOf } from '../../support/browser.js';
import { randomGraph, seeded } from '../../support/random-graph.js';
import { testWith } from '../../support/skip.js';

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
      [0, /threads must be a positive integer, got 0/],
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

/**
 * Runs `job` while every new worker of Node is kept in a list, or is started with other code than its own.
 */
async function withWorkers(job: (workers: Worker[]) => Promise<void>, code?: string): Promise<void> {
  const { Worker: Original } = threads;
  const workers: Worker[] = [];
  threads.Worker = class extends Original {
    constructor(...[url, options]: ConstructorParameters<typeof Original>) {
      super(code === undefined ? url : new URL(`data:text/javascript,${encodeURIComponent(code)}`), options);
      workers.push(this);
    }
  };
  syncBuiltinESMExports();
  try {
    await job(workers);
  } finally {
    threads.Worker = Original;
    syncBuiltinESMExports();
  }
}

const withLoader = (job: (load: typeof Load) => Promise<void>) =>
  inFolder(async (folder) => {
    for (const { path, contents } of files) await writeFile(join(folder, path), contents);
    await job(((await import(pathToFileURL(join(folder, 'model.mjs')).href)) as { load: typeof Load }).load);
  });

for (const [how, end] of [
  ['and its end was heard of', async (worker: Worker) => void (await worker.terminate())],
  ['while no event could be heard', async (worker: Worker) => void worker.terminate()],
] as const)
  test(`a worker that ends without an exception ends infer() with an error, ${how}`, () =>
    withLoader((load) =>
      withWorkers(async (workers) => {
        const model = await load(undefined, undefined, { threads: 3 });
        assert.equal([...model.infer(raw)], expected);
        await end(workers[1]!);
        // Until it is gone, it computes as ever.
        assert.throws(() => {
          for (let i = 0; i < 1_000_000; i++) assert.equal([...model.infer(raw)], expected);
        }, /^thread 2 ended/);
        for (let i = 0; i < 3; i++) assert.throws(() => model.infer(raw), /^thread 2 ended/);
        await model.close();
        assert.throws(() => model.infer(raw), /threads have ended/);
      }),
    ));

for (const [how, code, message] of [
  ['ends', 'process.exit(3)', /did not start: it ended \(exit code 3\)/],
  ['runs out of code', '0', /did not start: it ended \(exit code 0\)/],
  ['throws', 'throw new Error("no memory")', /did not start: no memory/],
] as const)
  test(`a worker that ${how} before it is ready is an error of load()`, () =>
    withLoader((load) =>
      withWorkers(async () => {
        await load(undefined, undefined, { threads: 2 }).then(
          () => assert.unreachable(),
          (error: Error) => assert.match(error.message, message),
        );
      }, code),
    ));

test("a folder's threads and a guarded module end likewise", () =>
  withWorkers(async () => {
    const said = (promise: Promise<unknown>) =>
      promise.then(
        () => 'nothing',
        (error: unknown) => (error instanceof SpikeletError ? error.message : 'another error'),
      );
    const batch = startBatch('model.wasm', 2);
    // One of them waits for a thread that is free.
    const answers = await Promise.all(['a.png', 'b.png', 'c.png'].map((path) => said(batch.logits(path))));
    for (const answer of answers) assert.match(answer, /a thread ended \(exit code 5\)/);
    await batch.close();
    assert.match(
      await said(openGuarded({ path: 'model.wasm', threads: 1 }, 60)),
      /model\.wasm: its thread ended/,
    );
  }, 'process.exit(5)'));

test('the host too says that a worker ended, and after an image that broke off no other is computed', async () => {
  const bytes = files.find(({ path }) => path === 'model-threads.wasm')!.contents as Uint8Array<ArrayBuffer>;
  const pixels = rawToPixels(pixelTable(graph), raw);
  const ended = (error: unknown) =>
    error instanceof SpikeletError && /can no longer compute: /.test(error.message);
  await withWorkers(async (workers) => {
    const model = await loadThreads(bytes, 3);
    assert.equal([...model.infer(pixels)], expected);
    workers[0]!.terminate();
    await once(workers[0]!, 'exit');
    for (let i = 0; i < 2; i++) assert.throws(() => model.infer(pixels), ended);
    await model.close();
  });
  const model = await loadThreads(bytes, 3);
  let rows = 0;
  const breaksOff = () => {
    if (++rows > 3) throw new RangeError('enough');
  };
  assert.throws(() => model.infer(pixels, breaksOff));
  // Its workers stand in the middle of that image.
  assert.throws(() => model.infer(pixels), ended);
  await model.close();
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

(await testWith([browser]))('a worker that a browser ends ends infer() with an error', async () => {
  const page = `const workers = [];
globalThis.Worker = class extends Worker { constructor(...given) { super(...given); workers.push(this); } };
const { load } = await import('./model.mjs');
const model = await load(undefined, undefined, { threads: 3 });
const image = Uint8Array.from([${raw}]);
const logits = [...model.infer(image)];
workers[1].terminate();
const next = () => { try { return String(model.infer(image)); } catch (error) { return error.message; } };
let first = next();
// A worker goes on until its page has listened to events.
while (first === String(logits)) first = await new Promise((resolve) => setTimeout(resolve, 10)).then(next);
const said = [first, next()];
await model.close();
result(JSON.stringify([logits, ...said]));`;
  const silence = 'a thread does not answer: it ended or was stopped';
  assert.equal(JSON.parse(await resultOf(files, page, isolated)), [expected, silence, silence]);
});

test.run();
