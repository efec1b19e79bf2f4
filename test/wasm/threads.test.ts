import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { verifyWasm } from '../../host/run/verify.js';
import { loadThreads, loadWasm } from '../../host/wasm/load.js';
import { SpikeletError } from '../../models/index.js';
import { randomChoices } from '../support/random-choices.js';
import { randomGraph, seeded } from '../support/random-graph.js';
import { setActivity, tiersOf } from '../support/tiers.js';
import { linker, randomPixels } from '../support/wasm-models.js';

const THREADS = [1, 2, 3, 5];

let round = 0;
test('random graphs: every tensor equals the interpreter, whatever the number of threads', () =>
  fc.assert(
    fc.asyncProperty(fc.integer({ min: 0 }), async (seed) => {
      const random = seeded(seed);
      const graph = randomGraph(random, 8);
      setActivity(graph, random);
      const images = [0, 0.2, 0.6, 1].map((density) => randomPixels(graph, random, density));
      for (const tier of tiersOf(round++)) {
        const { packed, columns } = randomChoices(graph, tier, random);
        const linked = await linker(graph, tier, { packed, columns, fetches: new Map(), threads: 5 });
        for (const band of [2, undefined]) {
          const { bytes, plan } = await linked(band ? { band } : {});
          for (const threads of THREADS) {
            const model = await loadThreads(bytes, threads);
            try {
              assert.is(model.description.arena[1], plan.arenaBytes);
              const result = verifyWasm(graph, model, images);
              assert.equal(
                { tier, band, threads, ...result },
                { tier, band, threads, samples: 4, equal: 4, firstDifference: null, accuracy: null },
              );
            } finally {
              await model.close();
            }
          }
        }
      }
    }),
    { numRuns: 3, endOnFailure: true },
  ));

test('threads write nothing outside of the predicted memory', async () => {
  const graph = randomGraph(seeded(11), 8);
  const threads = 3;
  const linked = await linker(graph, 'simd', {
    packed: new Set(),
    columns: new Map(),
    fetches: new Map(),
    threads,
  });
  for (const band of [1, undefined]) {
    const { bytes, plan } = await linked(band ? { band } : {});
    const model = await loadThreads(bytes, threads);
    const memory = new Uint8Array(model.memory.buffer);
    const [arena] = model.description.arena;
    const control = model.description.threads![2];
    const constants = memory.slice(0, control);
    const allowed = new Uint8Array(memory.length - arena);
    for (const { offset, bytes } of [
      ...plan.buffers.values(),
      ...plan.scratch.values(),
      ...plan.kept.values(),
    ])
      allowed.fill(1, offset, offset + bytes);
    for (const pattern of [0xa5, 0x5a]) {
      memory.fill(pattern, arena);
      model.infer(randomPixels(graph, seeded(1), 1));
      const at = allowed.findIndex((may, i) => !may && memory[arena + i] !== pattern);
      assert.is(at, -1, `band ${band}: byte ${at} of the arena`);
    }
    assert.equal(memory.slice(0, control), constants, 'constants are only read');
    await model.close();
  }
});

test('what fails in a thread reaches the caller, and after it nothing is computed', async () => {
  const graph = randomGraph(seeded(3), 4);
  const linked = await linker(graph, 'simd', {
    packed: new Set(),
    columns: new Map(),
    fetches: new Map(),
    threads: 3,
  });
  const { bytes } = await linked();
  const model = await loadThreads(bytes, 3);
  const pixels = randomPixels(graph, seeded(1), 1);
  const expected = model.infer(pixels);
  assert.equal(model.infer(pixels), expected);
  // The nodes of the third thread are outside the memory, so that it traps in its first step.
  const [, models] = model.description.threads!;
  new DataView(model.memory.buffer).setUint32(models + 2 * 12 + 8, 0xfffffff0, true);
  for (let i = 0; i < 3; i++)
    assert.throws(
      () => model.infer(pixels),
      (error: unknown) =>
        error instanceof SpikeletError && /stopped: a thread stopped: .*memory/.test(error.message),
    );
  await model.close();
  assert.throws(() => model.infer(pixels), /threads have ended/);
});

test('a module for one thread is refused for several, and one for several where there is one', async () => {
  const graph = randomGraph(seeded(3), 4);
  const choices = { packed: new Set<string>(), columns: new Map(), fetches: new Map() };
  const one = await (await linker(graph, 'simd', choices))();
  const refused = await loadThreads(one.bytes, 2).then(
    () => undefined,
    (error: unknown) => error,
  );
  assert.match((refused as SpikeletError).message, /built for 1 threads, not 2/);
  const several = await (await linker(graph, 'simd', { ...choices, threads: 2 }))();
  assert.throws(() => loadWasm(several.bytes), /for several threads/);
});

test.run();
