import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { planChart } from '../../host/report/plan-chart.js';
import { verifyWasm } from '../../host/run/verify.js';
import { emitPlanned } from '../../host/wasm/build.js';
import { loadWasm } from '../../host/wasm/load.js';
import { type Graph, type Plan, plan, planner, prove, SpikeletError } from '../../models/index.js';
import { kernels } from '../../wasm/layers.js';
import { planModel, weightPlaces } from '../../wasm/plan-model.js';
import { mostOnes } from '../../wasm/streams.js';
import { lastPlanned, lastWritten } from '../support/memory-used.js';
import { everyKind, GraphBuilder, randomGraph, seeded } from '../support/random-graph.js';
import { simulatePlan } from '../support/simulate-plan.js';
import { setActivity, tiers } from '../support/tiers.js';
import { randomPixels } from '../support/wasm-models.js';

test('a plan: every row a step reads is still where it was written, whatever the band', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0 }),
      fc.constantFrom(1, 2, 3, 5, undefined),
      fc.integer({ min: 4, max: 16 }),
      (seed, band, blocks) => {
        const graph = randomGraph(seeded(seed), blocks, seed % 2 ? everyKind : undefined);
        prove(graph);
        simulatePlan(graph, plan(graph, kernels, band ? { band } : {}));
      },
    ),
    { numRuns: 60 },
  );
});

/** The least RAM that the error for an impossible budget names. */
function leastRam(make: (ram: number) => unknown): number {
  try {
    make(1);
  } catch (error) {
    assert.instance(error, SpikeletError);
    return Number(/takes (\d+) B/.exec((error as Error).message)![1]);
  }
  throw new Error('one byte was enough');
}

test('a plan within a budget fits it, is sound, and the least budget is told', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0 }), fc.integer({ min: 4, max: 14 }), (seed, blocks) => {
      const graph = randomGraph(seeded(seed), blocks, seed % 2 ? everyKind : undefined);
      prove(graph);
      const [least, most] = [
        leastRam((ram) => plan(graph, kernels, { ram })),
        plan(graph, kernels).arenaBytes,
      ];
      for (const share of [0, 0.4, 1]) {
        const ram = Math.round(least + share * Math.max(0, most - least));
        const found = plan(graph, kernels, { ram });
        assert.ok(found.arenaBytes <= ram, `${found.arenaBytes} B within ${ram} B`);
        simulatePlan(graph, found);
      }
      const [quick, slow] = [1, 50].map((time) => plan(graph, kernels, { time })) as [Plan, Plan];
      for (const found of [quick, slow]) simulatePlan(graph, found);
      assert.ok(slow.arenaBytes <= quick.arenaBytes, 'more time, no more RAM');
    }),
    // The example's layouts take more than is alive at once, the more the less is alive.
    { numRuns: 3, examples: [[2033360814, 5]] },
  );
});

/** Wide enough that tiles, parts of rows and packed maps all pay. */
function wideGraph(): Graph {
  const b = new GraphBuilder(seeded(5), [13, 15, 3]);
  const same = { kernel: [3, 3], stride: [1, 1], padding: [1, 1], groups: 1 } as const;
  const one = { kernel: [1, 1], stride: [1, 1], padding: [0, 0], groups: 1 } as const;
  const conv = (
    name: string,
    x: string,
    geometry: typeof same | typeof one,
    out: number,
    residual?: string,
  ) =>
    b.accumulate(
      name,
      x,
      { ...geometry, out } as unknown as Parameters<GraphBuilder['accumulate']>[2],
      residual ? { kind: 'charge', type: 'i16', residual, saturate: true } : { kind: 'fire', levels: 4 },
    );
  const stem = b.accumulate(
    'stem',
    'input',
    { out: 37, kernel: [3, 3], stride: [1, 1], padding: [1, 1], groups: 1 },
    { kind: 'charge', type: 'i16', saturate: true },
  );
  let stream = stem;
  for (const block of ['a', 'b']) {
    const wide = conv(`${block}.wide`, b.fire(`${block}.fire`, stream, 4, true), same, 130);
    stream = conv(`${block}.narrow`, wide, same, 37, stream);
  }
  const spikes = b.fire('f', stream, 4, true);
  const [q, k, v] = [conv('q', spikes, one, 30), conv('k', spikes, one, 30), conv('v', spikes, one, 63)];
  stream = conv('proj', b.attend('attend', [q, k, v], 3, 4), one, 37, stream);
  const pooled = b.fire('last', b.pool('pool', stream, [13, 15], [1, 1]), 4, true, 20_000);
  b.accumulate('head', pooled, { ...one, out: 11 } as unknown as Parameters<GraphBuilder['accumulate']>[2], {
    kind: 'readout',
  });
  return b.graph;
}

test('whatever the RAM: all tensors equal the interpreter, and the RAM used is the RAM predicted, to the byte', async () => {
  const graph = wideGraph();
  setActivity(graph, seeded(7));
  const images = [0, 0.2, 1].map((density) => randomPixels(graph, seeded(6), density));
  images.push(images[0]!.slice().fill(127), images[0]!.slice().fill(-127));
  const met = { packed: 0, columns: 0, tiles: 0 };
  let atEnd = 0;
  // With weights inside, plans do not ask what tier they are for.
  for (const tier of tiers)
    for (const weights of tier === 'relaxed' ? (['outside'] as const) : weightPlaces) {
      const make = (budget: { ram?: number; time?: number }) =>
        planModel(graph, { tier, weights, ...budget });
      const [smallest, fastest] = [make({ time: 40 }), make({})];
      const ram = Math.round((smallest.ramBytes + fastest.ramBytes) / 2);
      for (const planned of [smallest, make({ ram }), fastest]) {
        const { choices } = planned.plan;
        met.packed += choices.packed.size;
        met.columns += choices.columns.size;
        met.tiles += [...choices.fetches.values()].filter(({ tiles }) => tiles === 1).length;
        const { files, ramBytes } = await emitPlanned(planned);
        assert.is(ramBytes, planned.ramBytes);
        assert.ok(planned === fastest || ramBytes <= ram);
        const contents = (end: string) =>
          files.find(({ path }) => path.endsWith(end))?.contents as Uint8Array;
        const model = loadWasm(new Uint8Array(contents('.wasm')), contents('.bin'));
        const { firstDifference } = verifyWasm(graph, model, images);
        assert.equal(
          { tier, weights, ramBytes, firstDifference },
          { tier, weights, ramBytes, firstDifference: null },
        );
        // The last byte of RAM is written, and none behind it.
        const [arena, arenaBytes] = model.description.arena;
        assert.is(weights === 'inside' ? arenaBytes : arena + arenaBytes, ramBytes);
        const [written, sure] = [lastWritten(model, images[2]!), lastPlanned(model, planned)];
        assert.ok(
          sure <= written && written <= arena + arenaBytes,
          `${sure} <= ${written} <= the arena's end`,
        );
        atEnd += Number(written > arena + arenaBytes - 16);
      }
    }
  assert.ok(atEnd >= 6, `${atEnd} of 12 plans end in bytes that are always written`);
  for (const [what, count] of Object.entries(met)) assert.ok(count > 0, `no plan had ${what}`);
});

test('most bits of a count: by counting them', () => {
  const bits = (n: number): number => (n ? (n & 1) + bits(n >> 1) : 0);
  for (let levels = 1, most = 0; levels <= 255; levels++) {
    most = Math.max(most, bits(levels));
    assert.is(mostOnes(levels), most, `${levels} levels`);
  }
});

test('a planner gives one graph the plans that plan() gives it, whatever it was asked before', () => {
  const graph = wideGraph();
  prove(graph);
  const again = planner(graph, kernels);
  const [fastest, least] = [
    plan(graph, kernels).arenaBytes,
    leastRam((ram) => plan(graph, kernels, { ram })),
  ];
  const budgets = [{}, { ram: fastest - 1 }, { ram: least }, { time: 3 }, { ram: (fastest + least) >> 1 }];
  for (const budget of [...budgets, ...budgets.reverse()]) {
    const [one, other] = [again(budget), plan(graph, kernels, budget)];
    assert.equal([one.arenaBytes, one.steps], [other.arenaBytes, other.steps]);
  }
  assert.is(
    leastRam((ram) => again({ ram })),
    least,
  );
});

test('the chart draws each step once and names the peak', () => {
  const graph = wideGraph();
  prove(graph);
  for (const ram of [undefined, 50_000]) {
    const found = plan(graph, kernels, ram ? { ram } : {});
    const { lines, peak } = planChart(graph, found);
    assert.is(lines.length, 33);
    assert.ok(lines.every((line) => line.length <= 110));
    assert.ok(peak.bytes <= found.arenaBytes);
    assert.ok(peak.bytes > 0.7 * found.arenaBytes, 'the arena is little larger than what is alive at once');
    assert.is(lines[32]!.indexOf('^') > 0, true);
    for (const { letter, alive, bytes } of peak.alive) {
      assert.ok(alive <= bytes);
      assert.match(letter, /^[a-zA-Z#]$/);
    }
  }
});

test.run();
