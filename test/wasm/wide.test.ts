import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { verifyWasm } from '../../host/run/verify.js';
import { type Graph, plainChoices, type Shape } from '../../models/index.js';
import { layersOf } from '../../wasm/layers.js';
import { randomChoices } from '../support/random-choices.js';
import { GraphBuilder, seeded } from '../support/random-graph.js';
import { setActivity, tiers } from '../support/tiers.js';
import { compiled, randomPixels } from '../support/wasm-models.js';

/**
 * Layers as wide as real ones, whose channels divide neither vectors nor tiles, for what small random graphs
 * never reach: every tile, sums of more than 16 bits, rows of more than 65536 values.
 */
type Wide = { shape: Shape; spikes: number; build: (b: GraphBuilder, x: string) => string };

const one = { kernel: [1, 1], stride: [1, 1], padding: [0, 0], groups: 1 } as const;
const three = { kernel: [3, 3], stride: [1, 1], padding: [1, 1], groups: 1 } as const;
const conv = (
  b: GraphBuilder,
  name: string,
  x: string,
  geometry: {
    kernel: readonly number[];
    stride: readonly number[];
    padding: readonly number[];
    groups: number;
  },
  out: number,
  bits: 8 | 6 | 4 = 8,
  levels?: number,
) =>
  b.accumulate(
    name,
    x,
    { ...geometry, out } as Parameters<GraphBuilder['accumulate']>[2],
    levels ? { kind: 'fire', levels } : { kind: 'charge', type: 'i16', saturate: true },
    bits,
  );

const wides: Record<string, Wide> = {
  'tiles of 1, 2, 3 and 4 pairs of lanes': {
    shape: [5, 6, 3],
    spikes: 24,
    build(b, x) {
      const outs = [70, 10, 25, 48, 130, 64, 17];
      return outs.reduce((y, out, i) => conv(b, `l${i}`, y, i % 2 ? three : one, out, i % 3 ? 6 : 4, 4), x);
    },
  },
  'sums that go to 32 bits': {
    shape: [4, 5, 1],
    spikes: 50,
    build(b, x) {
      const w = conv(b, 'half', x, one, 60, 8, 5);
      const y = conv(b, 'plane', w, three, 150, 8, 7);
      const z = conv(b, 'chunk', y, three, 40, 8, 15);
      return conv(b, 'charged', b.fire('f', conv(b, 'narrow', z, three, 33), 5, false, 9000), one, 90);
    },
  },
  'depthwise and strides': {
    shape: [11, 13, 3],
    spikes: 43,
    build(b, x) {
      const seven = { kernel: [7, 7], stride: [1, 1], padding: [3, 3], groups: 43 };
      const y = conv(b, 'dw7', x, seven, 43, 8, 4);
      const z = conv(b, 'dw3', y, { ...three, stride: [2, 1], groups: 43 }, 43, 8, 4);
      return conv(b, 'strided', z, { ...three, stride: [2, 2] }, 20, 8);
    },
  },
  'attention over many places': {
    shape: [12, 11, 2],
    spikes: 48,
    build(b, x) {
      const [q, k, v] = (['q', 'k', 'v'] as const).map((name) =>
        conv(b, name, x, one, name === 'v' ? 120 : 36, 6, name === 'k' ? 3 : 5),
      ) as [string, string, string];
      const y = b.attend('attend', [q, k, v], 3, 4);
      return conv(b, 'projection', y, one, 48);
    },
  },
  'rows of more than 65536 values': {
    shape: [2, 33, 1],
    spikes: 2000,
    build: (b, x) => conv(b, 'dense', x, one, 9),
  },
};

function graphOf({ shape, spikes, build }: Wide, seed: number): Graph {
  const b = new GraphBuilder(seeded(seed), shape);
  const x = conv(b, 'stem', 'input', three, spikes, 8, 4);
  const y = build(b, x);
  const z = b.tensor(y).kind === 'membrane' ? b.fire('last', y, 4, true, 2000) : y;
  const [h, w] = b.tensor(z).shape;
  b.accumulate(
    'head',
    z,
    { ...one, out: 5, kernel: [h, w], stride: [1, 1], padding: [0, 0] },
    { kind: 'readout' },
  );
  return b.graph;
}

const flushes = new Set<string>();
for (const [name, wide] of Object.entries(wides))
  test(name, async () => {
    const graph = graphOf(wide, 3);
    const random = seeded(4);
    setActivity(graph, random);
    const images = [0, 0.2, 1].map((density) => randomPixels(graph, random, density));
    images.push(images[0]!.slice().fill(127), images[0]!.slice().fill(-127));
    for (const tier of tiers) {
      for (const { args } of layersOf(graph, tier))
        for (const { flush } of args) if (flush !== undefined) flushes.add(String(flush));
      for (const choices of [plainChoices, randomChoices(graph, tier, random)]) {
        const linked = await compiled(graph, tier, choices);
        for (const band of choices === plainChoices ? [1, 3, undefined] : [2]) {
          const { firstDifference } = verifyWasm(graph, (await linked(band ? { band } : {})).model, images);
          assert.equal({ tier, band, firstDifference }, { tier, band, firstDifference: null });
        }
      }
    }
  });

test('every way to sum was met', () => {
  assert.equal([...flushes].sort(), ['Flush.Chunk', 'Flush.Half', 'Flush.Never', 'Flush.Plane']);
});

test.run();
