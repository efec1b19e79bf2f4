import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { countParams, createNet, type Shape } from '../../models/index.js';

const make = (model: string, shape: Shape, classes = 10) =>
  createNet(
    model,
    { shape, mean: new Array(shape[2]).fill(0), std: new Array(shape[2]).fill(1) },
    Array.from({ length: classes }, (_, i) => String(i)),
    () => 0.5,
  );

test('tiny has the 86,506 parameters of its reference, mini at most 12,000', () => {
  assert.is(countParams(make('tiny', [28, 28, 1])), 86506);
  const mini = countParams(make('mini', [32, 32, 2], 8));
  assert.ok(mini <= 12000, `mini has ${mini}`);
});

test('E-SpikeFormer has the published parameter counts', () => {
  assert.is(countParams(make('espikeformer-nano', [64, 64, 3])), 324418);
  assert.is(countParams(make('espikeformer-s', [224, 224, 3], 1000)), 5105608);
  assert.is(countParams(make('espikeformer-m', [224, 224, 3], 1000)), 10023112);
});

test('dense is 784-128-10 on 28x28 pixels, its first layer the whole map; conv is convolutions alone', () => {
  // Pixel code 1 + 2, hidden layer 784 * 128 + 2 * 128, head 128 * 10 + 10.
  assert.is(countParams(make('dense', [28, 28, 1])), 101901);
  assert.is(countParams(make('dense', [5, 3, 2], 4)), 4 + 4 + 30 * 128 + 256 + 128 * 4 + 4);
  const { nodes } = make('conv', [28, 28, 1]);
  assert.equal(
    nodes.filter(({ op }) => op === 'add' || op === 'attend'),
    [],
  );
});

test.run();
