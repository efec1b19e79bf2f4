import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadDataset } from '../../host/data/index.js';
import { importFile } from '../../host/import/index.js';
import {
  argmax,
  createNet,
  interpret,
  type Net,
  netRunner,
  normalise,
  pixelTable,
  prove,
  rawImage,
  rawToPixels,
  readGraph,
  SpikeletError,
  spikeCount,
  writeGraph,
} from '../../models/index.js';
import { packWeights, unpackWeights } from '../../models/packing.js';
import { quantize } from '../../quantize/index.js';
import { inverseCholesky } from '../../quantize/moments.js';
import { scalingOf } from '../../quantize/scaling.js';
import { thresholdsOf } from '../../quantize/thresholds.js';
import { roundToNearest, weightScales } from '../../quantize/weights.js';
import { reference } from '../support/needs.js';
import { shared } from '../support/shared.js';
import { testWith } from '../support/skip.js';

test('thresholds give the neuron exactly, ties to even included', () => {
  // Multiples of 1/8 make every kind of tie: 0.5, 1.5, 2.5 and 3.5 are all hit.
  for (const scale of [0, 0.125, 0.25, 0.5, 1, 3, 0.3])
    for (const offset of [-2, -0.5, 0, 0.25, 0.5, 1.5, 7]) {
      const thresholds = thresholdsOf(scale, offset, 4, -50, 50);
      for (let acc = -50; acc <= 50; acc++)
        assert.is(
          thresholds.filter((threshold) => acc >= threshold).length,
          spikeCount(scale * acc + offset, 4),
          `${scale} * ${acc} + ${offset}`,
        );
    }
});

test('scaling is within one unit of the real value and never leaves 32 bits', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 1e-6, max: 50, noNaN: true }),
      fc.double({ min: -5000, max: 5000, noNaN: true }),
      fc.integer({ min: 1, max: 400_000 }),
      (scale, offset, reach) => {
        fc.pre(scale * reach < 2 ** 29);
        const range = { lo: Float64Array.of(-reach), hi: Float64Array.of(reach) };
        const { multiplier, bias, shift } = scalingOf(
          'x',
          Float64Array.of(scale),
          Float64Array.of(offset),
          range,
        );
        for (const acc of [-reach, -1, 0, 1, Math.floor(reach / 2), reach]) {
          const product = acc * multiplier[0]! + bias[0]!;
          assert.ok(Math.abs(product) <= 2 ** 31 - 1);
          // Half a unit of rounding, and half a step of the multiplier for every count.
          const tolerance = 1 + Math.abs(acc) / 2 ** (shift + 1);
          assert.ok(Math.abs(Math.floor(product / 2 ** shift) - (scale * acc + offset)) <= tolerance);
        }
      },
    ),
  );
});

test('packed weights come back at 8, 6 and 4 bits', () => {
  for (const bits of [8, 6, 4] as const) {
    const limit = 2 ** (bits - 1) - 1;
    const weights = Int8Array.from({ length: 101 }, (_, i) => ((i * 37) % (2 * limit + 1)) - limit);
    assert.equal(unpackWeights(packWeights(weights, bits), weights.length, bits), weights);
  }
});

test('the scale of least squares beats the scale of the largest weight at 4 bits', () => {
  const w = Float32Array.from({ length: 64 }, (_, i) => Math.sin(i * 12.9898) * (i === 5 ? 4 : 1));
  const error = (scale: Float64Array) => {
    const q = roundToNearest(w, scale, 4);
    return w.reduce((sum, v, i) => sum + (v - q[i]! * scale[0]!) ** 2, 0);
  };
  const largest = Float64Array.of(Math.max(...w.map(Math.abs)) / 7);
  assert.ok(error(weightScales(w, 1, 4)) < 0.9 * error(largest));
});

test('inverseCholesky is the upper factor of the damped inverse', () => {
  const size = 5;
  const m = new Float64Array(size * size);
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++) m[i * size + j] = 1 / (1 + Math.abs(i - j)) + (i === j ? 1 : 0);
  const damping = 0.01 * 2;
  const u = inverseCholesky(m, size);
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++) {
      // (U^T U) (M + damping) must be the identity.
      let sum = 0;
      for (let k = 0; k < size; k++)
        for (let l = 0; l < size; l++)
          sum += u[l * size + i]! * u[l * size + k]! * (m[k * size + j]! + (k === j ? damping : 0));
      assert.ok(Math.abs(sum - (i === j ? 1 : 0)) < 1e-9);
    }
});

const small = (model: string, options = {}) => {
  let state = 1;
  const random = () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  const net = createNet(
    model,
    { shape: [12, 12, 1], mean: [0.3], std: [0.3] },
    ['a', 'b', 'c'],
    random,
    options,
  );
  const images = Array.from({ length: 6 }, () => Float32Array.from({ length: 144 }, () => random() * 3 - 1));
  return { net, images };
};

test('every zoo net becomes a proven Graph at every width of weights, and survives its file', () => {
  for (const bits of [8, 6, 4] as const)
    for (const model of ['mini', 'tiny']) {
      const { net, images } = small(model, { widths: [4, 8] });
      const graph = quantize(net, images, { bits });
      const again = readGraph(writeGraph(graph));
      assert.equal(again, graph);
      assert.ok(prove(again).tensors.size > 10);
    }
});

test('zero images, NaN in an image and a net without neurons are refused', () => {
  const { net, images } = small('mini');
  const refused = (run: () => unknown, text: RegExp) =>
    assert.throws(run, (error: Error) => error instanceof SpikeletError && text.test(error.message));
  refused(() => quantize(net, [], { bits: 8 }), /zero images/);
  refused(() => quantize(net, [Float32Array.from(images[0]!, () => Number.NaN)], { bits: 8 }), /NaN/);
  const bare: Net = { ...net, nodes: net.nodes.filter(({ name }) => name !== 'b1.sep.net.0') };
  for (const node of bare.nodes) if ('input' in node && node.input === 'b1.sep.net.0') node.input = 'stem.0';
  refused(() => quantize(bare, images, { bits: 8 }), /real-valued/);
});

const fashion = shared('vectors/fashion-sfa');
const images = shared('data/fashion-mnist');
(await testWith([reference('vectors/fashion-sfa'), reference('data/fashion-mnist')]))(
  'the trained tiny keeps its accuracy at 8, 6 and 4 bits (250 images)',
  async () => {
    const { net } = await importFile(`${fashion}/model.safetensors`);
    const data = await loadDataset(`fashion-mnist=${images}`);
    const calibration = Array.from({ length: 96 }, (_, i) =>
      normalise(rawImage(data.train, data.shape, i), net.input),
    );
    const run = netRunner(net);
    const count = 250;
    const raw = Array.from({ length: count }, (_, i) => rawImage(data.test, data.shape, i));
    const right = (classOf: (image: Uint8Array) => number) =>
      raw.reduce((sum, image, i) => sum + (classOf(image) === data.test.labels[i] ? 1 : 0), 0) / count;
    const float = right((image) => argmax(run(normalise(image, net.input))));
    assert.ok(float > 0.86, `float ${float}`);
    for (const bits of [8, 6, 4] as const) {
      const graph = quantize(net, calibration, { bits });
      const table = pixelTable(graph);
      const accuracy = right((image) => argmax(interpret(graph, rawToPixels(table, image))));
      // 250 images resolve about two points; `npm run bench -- quantize` measures on all 10,000.
      assert.ok(accuracy > float - 0.025, `${bits} bits: ${accuracy}, float ${float}`);
    }
  },
);

test.run();
