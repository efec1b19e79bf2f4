import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { verifyWasm } from '../../host/run/verify.js';
import { ops, plainChoices } from '../../models/index.js';
import { randomChoices } from '../support/random-choices.js';
import { everyKind, randomGraph, seeded } from '../support/random-graph.js';
import { setActivity, tiers, tiersOf } from '../support/tiers.js';
import { compiled, randomPixels } from '../support/wasm-models.js';

/** Graphs, of which each takes four compilations; the first has every op. */
const RUNS = process.env['SPIKELET_SLOW'] ? 12 : 6;

const bands = [1, 2, 3, 5, undefined];

test('random graphs: every tensor equals the interpreter, whatever the tier and the band', async () => {
  const seen = new Set<string>();
  let round = 0;
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0 }), async (seed) => {
      const random = seeded(seed);
      const graph = randomGraph(random, 10, everyKind);
      setActivity(graph, random);
      for (const node of graph.nodes)
        seen.add(node.op === 'accumulate' ? `${node.op} ${node.end.kind}` : node.op);
      const images = [0, 0.1, 0.3, 0.6, 1].map((density) => randomPixels(graph, random, density));
      images.push(randomPixels(graph, random, 0).fill(127), randomPixels(graph, random, 0).fill(-127));
      for (const tier of tiersOf(round++))
        for (const choices of [plainChoices, randomChoices(graph, tier, random)]) {
          const linked = await compiled(graph, tier, choices);
          for (const band of choices === plainChoices ? bands : [2, undefined]) {
            const result = verifyWasm(graph, (await linked(band ? { band } : {})).model, images);
            assert.equal(
              { tier, band, ...result },
              { tier, band, samples: 7, equal: 7, firstDifference: null, accuracy: null },
            );
          }
        }
    }),
    { numRuns: RUNS, examples: [[5]], endOnFailure: true },
  );
  const wanted = Object.keys(ops).filter((op) => op !== 'accumulate');
  for (const what of [...wanted, 'accumulate fire', 'accumulate charge', 'accumulate readout'])
    assert.ok(seen.has(what), `no random graph had a ${what}`);
});

test('a module writes all of its tensors, and nothing outside of the predicted arena', async () => {
  for (const [seed, tier] of [11, 12].flatMap((seed) => tiers.map((tier) => [seed, tier] as const))) {
    const graph = randomGraph(seeded(seed), 8, everyKind);
    setActivity(graph, seeded(seed));
    for (const choices of [plainChoices, randomChoices(graph, tier, seeded(seed))]) {
      const linked = await compiled(graph, tier, choices);
      for (const band of choices === plainChoices ? bands : [1, undefined]) {
        const { model, plan } = await linked(band ? { band } : {});
        const [arena, arenaBytes] = model.description.arena;
        const memory = new Uint8Array(model.memory.buffer);
        assert.is(arenaBytes, plan.arenaBytes);
        assert.is(memory.length, Math.ceil((arena + arenaBytes) / 65536) * 65536, 'exact number of pages');
        const constants = memory.slice(0, arena);
        // How much working memory is written depends on the spikes.
        const needed = new Uint8Array(memory.length - arena);
        for (const { offset, bytes } of plan.buffers.values()) needed.fill(1, offset, offset + bytes);
        const allowed = needed.slice();
        for (const { offset, bytes } of [...plan.scratch.values(), ...plan.kept.values()])
          allowed.fill(1, offset, offset + bytes);
        // A byte that keeps two different patterns was never written.
        const kept = [0xa5, 0x5a].map((pattern) => {
          memory.fill(pattern, arena);
          model.infer(randomPixels(graph, seeded(seed), 1));
          return memory.slice(arena).map((byte) => Number(byte === pattern));
        });
        const written = needed.map((_, i) => Number(!(kept[0]![i] && kept[1]![i])));
        const at = written.findIndex((byte, i) => byte < needed[i]! || byte > allowed[i]!);
        assert.is(at, -1, `${tier}, band ${band}: byte ${at} of the arena`);
        assert.equal(memory.slice(0, arena), constants, 'constants are only read');
      }
    }
  }
});

test.run();
