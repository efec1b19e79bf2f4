import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { countParams, createNet, type Shape } from '../models/index.js';

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

test.run();
