import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { batchMaker, epochRandom, permutation } from '../../../host/train/augment.js';
import { useBackend } from '../../../host/train/backend.js';
import {
  type EpochReport,
  evaluate,
  firingWeights,
  type TrainOptions,
  train,
} from '../../../host/train/index.js';
import { oneCycle, rampedPenalty } from '../../../host/train/schedule.js';
import { tf } from '../../../host/train/tf.js';
import {
  createNet,
  type Dataset,
  type Net,
  SpikeletError,
  type Split,
  type Tensor,
} from '../../../models/index.js';

/** Two classes of 12x12 images with noise: stripes along the rows, or along the columns. */
function stripes(): Dataset {
  let state = 7;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const split = (count: number): Split => {
    const labels = Uint16Array.from({ length: count }, (_, i) => i % 2);
    const images = Uint8Array.from({ length: count * 144 }, (_, i) => {
      const across = labels[Math.floor(i / 144)] ? i % 12 : Math.floor(i / 12) % 12;
      return 120 * random() + (across % 4 < 2 ? 120 : 0);
    });
    return { count, images, labels };
  };
  const classes = ['rows', 'columns'];
  return {
    name: 'stripes',
    shape: [12, 12, 1],
    classes,
    mean: [0.4],
    std: [0.3],
    train: split(70),
    test: split(30),
  };
}

function smallNet(data: Dataset): Net {
  let state = 1;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const input = { shape: data.shape, mean: data.mean, std: data.std };
  return createNet('tiny', input, data.classes, random, { widths: [8, 8], heads: 2 });
}

const data = stripes();
const net = smallNet(data);
const options: Partial<TrainOptions> = { epochs: 3, batch: 16, shift: 1, seed: 5, firingPenalty: 0.3 };

const same = (a: Map<string, Tensor>, b: Map<string, Tensor>) => {
  assert.equal([...a.keys()], [...b.keys()]);
  for (const [name, { shape, data }] of a) {
    assert.equal(b.get(name)!.shape, shape);
    assert.equal(b.get(name)!.data, data, `${name} differs`);
  }
};

test.before(() => useBackend('wasm').then(() => undefined));

test('training learns, reports each epoch, leaves the given net alone and no tensor behind', async () => {
  const before = structuredClone(net.params);
  const tensors = tf.memory().numTensors;
  const counts = new Set<number>();
  const epochs: EpochReport[] = [];
  const result = await train(net, data, {
    options: { ...options, epochs: 6, batch: 4, firingPenalty: 0 },
    onStep: () => counts.add(tf.memory().numTensors),
    onEpoch: (report) => void epochs.push(report),
  });
  assert.equal([...counts], [tensors], 'tensors grow from step to step');
  assert.is(tf.memory().numTensors, tensors);
  same(net.params, before);
  assert.equal(
    epochs.map(({ epoch }) => epoch),
    [1, 2, 3, 4, 5, 6],
  );
  const last = epochs[5]!;
  assert.ok(last.testAccuracy > 0.95, `test accuracy ${last.testAccuracy}`);
  assert.ok(last.density > 0 && last.density < 1);
  same(last.net.params, result.net.params);
  assert.not(result.aborted);
  const again = await evaluate(result.net, data.test);
  assert.is(again.accuracy, last.testAccuracy);
  assert.is(again.density, last.density);
});

test('an aborted run resumes to the parameters of an uninterrupted one, bit for bit', async () => {
  const whole = await train(net, data, { options });
  const stop = new AbortController();
  const part = await train(net, data, {
    options,
    signal: stop.signal,
    onStep: ({ epoch, step }) => {
      if (epoch === 2 && step === 2) stop.abort();
    },
  });
  assert.ok(part.aborted);
  assert.is(part.state.progress.epoch, 1);
  const throughJson = JSON.parse(JSON.stringify(part.state.progress));
  const rest = await train(net, data, { resume: { tensors: part.state.tensors, progress: throughJson } });
  same(rest.net.params, whole.net.params);
  same(rest.state.tensors, whole.state.tensors);
  assert.not.equal(whole.net.params, part.net.params);
});

test('a run aborted before its first epoch ends gives the state it began with', async () => {
  const stop = new AbortController();
  const {
    aborted,
    state,
    net: same_,
  } = await train(net, data, {
    options,
    signal: stop.signal,
    onStep: () => stop.abort(),
  });
  assert.ok(aborted);
  assert.is(state.progress.epoch, 0);
  same(same_.params, net.params);
});

test('evaluate is the same on wasm and cpu, and refuses images of another size', async () => {
  const ours = await evaluate(net, data.test, { batch: 7 });
  await useBackend('cpu');
  const theirs = await evaluate(net, data.test);
  await useBackend('wasm');
  assert.ok(Math.abs(ours.accuracy - theirs.accuracy) <= 1 / 30);
  assert.ok(ours.density > 0 && Math.abs(ours.density - theirs.density) < 1e-3);
  const small = { ...data.test, images: data.test.images.subarray(1) };
  assert.is(await evaluate(net, small).catch((error) => error instanceof SpikeletError), true);
});

test('another seed gives other parameters', async () => {
  const one = await train(net, data, { options: { ...options, epochs: 1 } });
  const two = await train(net, data, { options: { ...options, epochs: 1, seed: 6 } });
  assert.not.equal(one.net.params.get('head.weight')!.data, two.net.params.get('head.weight')!.data);
});

test('the firing penalty lowers the density', async () => {
  const densities: number[] = [];
  for (const firingPenalty of [0, 2.5])
    await train(net, data, {
      options: { ...options, epochs: 6, batch: 4, learningRate: 0.02, firingPenalty },
      onEpoch: ({ epoch, density }) => void (epoch === 6 && densities.push(density)),
    });
  assert.ok(densities[1]! < 0.6 * densities[0]!, `densities ${densities}`);
});

test('a backend that is not there is refused with a hint', async () => {
  const problem = await useBackend('gpu').catch((error) => error);
  // Where the optional package is installed, it may well start.
  if (problem !== 'gpu') assert.match(problem.hint, /npm install --save-dev @tensorflow\/tfjs-node-gpu/);
  await useBackend('wasm');
});

test('what cannot be trained is refused with a hint', async () => {
  const refused = async (changed: Net, some: Partial<TrainOptions>, pattern: RegExp) => {
    try {
      await train(changed, data, { options: { ...options, ...some } });
      assert.unreachable();
    } catch (error) {
      assert.instance(error, SpikeletError);
      assert.match((error as SpikeletError).message, pattern);
      assert.ok((error as SpikeletError).hint);
    }
  };
  await refused(net, { epochs: 0 }, /epochs is 0/);
  await refused(net, { batch: 1.5 }, /batch is 1.5/);
  await refused(net, { learningRate: Number.NaN }, /learningRate is NaN/);
  await refused(net, { learningRate: 1e3, weightDecay: 1e3 }, /the loss is/);
  await refused({ ...net, input: { ...net.input, shape: [10, 12, 1] } }, {}, /takes images of 10x12x1/);
  const grouped = net.nodes.map((node) => {
    if (node.op !== 'conv' || node.in !== 8) return node;
    const weightShape = [node.out, 4, ...node.kernel].slice(0, node.weightShape.length);
    return { ...node, groups: 2, weightShape };
  });
  await refused({ ...net, nodes: grouped }, {}, /2 groups/);
});

test('one-cycle: rises to the maximum, falls to a 250,000th of it', () => {
  const rates = Array.from({ length: 100 }, (_, step) => oneCycle(step, 100, 4e-3, 0.2));
  assert.ok(Math.abs(rates[0]! - 4e-3 / 25) < 1e-12);
  assert.ok(Math.abs(rates[19]! - 4e-3) < 1e-12);
  assert.ok(Math.abs(rates[99]! - 4e-3 / 25 / 1e4) < 1e-12);
  assert.ok(Math.abs(rates[59]! - (4e-3 + 1.6e-8) / 2) < 1e-12, 'half way down in the middle of the fall');
  assert.is(rampedPenalty(15, 100, 2), 1);
  assert.is(rampedPenalty(60, 100, 2), 2);
});

test('firing weights sum to 1 and follow the MACs', () => {
  const weights = firingWeights(net);
  assert.is(weights.size, net.nodes.filter((node) => node.op === 'neuron').length);
  const total = [...weights.values()].reduce((a, b) => a + b, 0);
  assert.ok(Math.abs(total - 1) < 1e-12);
  // 3x3 8 to 16 at 6x6 against 1x1 8 to 16 at 6x6.
  assert.ok(Math.abs(weights.get('b1.ch.0')! / weights.get('b1.sep.net.0')! - 9) < 1e-12);
});

test('augmentation: a permutation per epoch, mirrored and moved images, black moving in', () => {
  const order = permutation(50, epochRandom(1, 0));
  assert.equal(
    [...order].sort((a, b) => a - b),
    Array.from({ length: 50 }, (_, i) => i),
  );
  assert.equal(order, permutation(50, epochRandom(1, 0)));
  assert.not.equal(order, permutation(50, epochRandom(1, 1)));
  const make = batchMaker(net.input, data.train);
  const value = (raw: number) => Math.fround((raw / 255 - 0.4) / 0.3);
  const plain = make([3]);
  assert.equal([...plain.images], [...data.train.images.subarray(3 * 144, 4 * 144)].map(value));
  assert.equal([...plain.labels], [1]);
  const many = make(new Array(40).fill(3), { flip: true, shift: 0, random: epochRandom(1, 0) });
  const mirrored = Float32Array.from(plain.images, (_, i) => plain.images[i - (i % 12) + 11 - (i % 12)]!);
  const kinds = Array.from({ length: 40 }, (_, n) => String(many.images.subarray(n * 144, (n + 1) * 144)));
  assert.equal(new Set(kinds), new Set([String(plain.images), String(mirrored)]));
  const moved = make(new Array(40).fill(3), { flip: false, shift: 1, random: epochRandom(1, 0) });
  const black = value(0);
  const corners = Array.from({ length: 40 }, (_, n) => moved.images[n * 144]);
  assert.ok(
    corners.includes(black) && corners.includes(plain.images[0]) && corners.includes(plain.images[13]),
  );
});

test.run();
