import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Adam, adamStart, adamStep } from '../../../host/train/adamw.js';
import { useBackend } from '../../../host/train/backend.js';
import { biasesWithoutEffect, fromValues, toValues, type Values } from '../../../host/train/layout.js';
import { neuron } from '../../../host/train/ops.js';
import { gradientStep, updateRunning } from '../../../host/train/step.js';
import { type Tensor4D, type TfTensor, tf } from '../../../host/train/tf.js';
import { createNet, isTrainable, type Net, type Tensor } from '../../../models/index.js';
import { readSafetensors } from '../../../models/safetensors.js';
import { reference as data } from '../../support/needs.js';
import { shared } from '../../support/shared.js';
import { testWith } from '../../support/skip.js';

const folder = shared('vectors/espikeformer-nano');
const reference = await testWith([data('vectors/espikeformer-nano')]);
const read = (file: string) => readSafetensors(readFileSync(`${folder}/${file}.safetensors`)).tensors;
const numbers = (tensor: Tensor | undefined): Float64Array => Float64Array.from(tensor!.data, Number);

/** max |a - b| / max |b| */
function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  assert.is(a.length, b.length);
  let [error, size] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    error = Math.max(error, Math.abs(a[i]! - b[i]!));
    size = Math.max(size, Math.abs(b[i]!));
  }
  return error / size;
}

function nano(): Net {
  const params = read('model');
  const input = { shape: [64, 64, 3] as [number, number, number], mean: [0, 0, 0], std: [1, 1, 1] };
  const net = createNet('espikeformer-nano', input, Array.from('0123456789'), () => 0.5);
  return { ...net, params: new Map([...net.params.keys()].map((name) => [name, params.get(name)!])) };
}

/** [count][channel][position] to [count][position][channel] */
function channelsLast({ shape, data }: Tensor): Float32Array {
  const [count, channels, h, w] = shape as [number, number, number, number];
  const out = new Float32Array(data.length);
  for (let n = 0; n < count; n++)
    for (let c = 0; c < channels; c++)
      for (let i = 0; i < h * w; i++)
        out[(n * h * w + i) * channels + c] = Number(data[(n * channels + c) * h * w + i]);
  return out;
}

for (const backend of ['wasm', 'cpu'] as const)
  reference(`the neuron's value and gradient are the reference's on ${backend}`, async () => {
    await useBackend(backend);
    const { x, y, grad } = JSON.parse(readFileSync(`${folder}/multispike.json`, 'utf8'));
    const fire = { levels: 4, divisor: 4, extra: 0 };
    const input = tf.tensor4d(x, [1, 1, 1, x.length]);
    const f = (t: TfTensor) => tf.sum(neuron(t as Tensor4D, fire));
    assert.equal([...neuron(input, fire).dataSync()], y);
    assert.equal([...tf.grad(f)(input).dataSync()], grad);
  });

const TOLERANCE = 1e-4;

reference(
  'three AdamW steps of E-SpikeFormer give the losses, gradients and parameters of torch',
  async () => {
    await useBackend('wasm');
    const torch = read('train3_adamw_lr1e-3_wd0.05');
    const double = read('train_step0_f64');
    const net = nano();
    const images = channelsLast(torch.get('input')!);
    const labels = Int32Array.from(numbers(torch.get('target')));
    const values = toValues(net);
    const adam = adamStart(values, [...net.params.keys()].filter(isTrainable));
    const options = { labelSmoothing: 0, penalty: { strength: 0, weights: new Map<string, number>() } };
    for (let step = 0; step < 3; step++) {
      const result = gradientStep(net, values, { count: 4, images, labels }, options);
      const loss = numbers(torch.get(`step${step}.loss`))[0]!;
      assert.ok(
        Math.abs(result.loss - loss) < 1e-6 * loss,
        `loss ${result.loss} of step ${step}, torch ${loss}`,
      );
      assert.ok(difference(result.logits, numbers(torch.get(`step${step}.logits`))) < 1e-5);
      if (step === 0) checkGradients(net, values, result.gradients, torch, double);
      updateRunning(net, values, result.moments);
      adamStep(values, adam, result.gradients, { learningRate: 1e-3, weightDecay: 0.05 });
      if (step === 0) checkParameters(net, values, torch, adam);
    }
  },
);

function checkGradients(
  net: Net,
  values: Values,
  gradients: Map<string, Float32Array>,
  torch: Map<string, Tensor>,
  double: Map<string, Tensor>,
) {
  const shaped = new Map(
    [...gradients].map(([name, data]) => [name, { shape: values.get(name)!.shape, data }]),
  );
  const ours = fromValues(net, shaped);
  assert.is(ours.size + biasesWithoutEffect(net).size, [...net.params.keys()].filter(isTrainable).length);
  for (const [name, tensor] of ours)
    for (const [kind, file] of Object.entries({ torch, double })) {
      const error = difference(numbers(tensor), numbers(file.get(`grad0.${name}`)));
      assert.ok(error < TOLERANCE, `gradient of ${name} is ${error} off in ${kind}`);
    }
}

/**
 * Adam's first step is learning rate * g / (|g| + 1e-8): where |g| is that small, float32 noise in g of 1e-9
 * shows in the parameter. There the step itself is all that is certain.
 */
function checkParameters(net: Net, values: Values, torch: Map<string, Tensor>, adam: Adam) {
  const idle = biasesWithoutEffect(net);
  let noisy = 0;
  for (const [name, tensor] of fromValues(net, values)) {
    if (idle.has(name)) continue;
    const expected = numbers(torch.get(`after1.${name}`));
    const gradient = torch.get(`grad0.${name}`);
    const size = expected.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
    numbers(tensor).forEach((value, i) => {
      const error = Math.abs(value - expected[i]!);
      if (gradient && Math.abs(Number(gradient.data[i])) < 1e-6) {
        noisy++;
        assert.ok(error < 2e-3, `${name}[${i}] is ${error} off`);
      } else assert.ok(error < TOLERANCE * size, `${name}[${i}] is ${error} off`);
    });
  }
  assert.ok(noisy < 0.01 * 324418, `${noisy} values left to noise`);
  assert.is(adam.steps, 1);
}

test.run();
