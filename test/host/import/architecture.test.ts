import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type ImportOptions, importNet } from '../../../host/import/index.js';
import {
  float32,
  type Net,
  product,
  type Shape,
  SpikeletError,
  type Tensor,
  writeNet,
  writeSafetensors,
  type ZooOptions,
} from '../../../models/index.js';
import { zooNet } from '../../support/nets.js';

const imported = (params: Map<string, Tensor>, options?: ImportOptions, metadata?: Record<string, string>) =>
  importNet(writeSafetensors(params, metadata), 'some.pth', options);

/** The error that importing throws. */
function refusal(body: () => unknown): SpikeletError {
  try {
    body();
  } catch (error) {
    assert.instance(error, SpikeletError);
    return error as SpikeletError;
  }
  throw new Error('it was not refused');
}

const structure = ({ name, nodes, input: { shape }, classes }: Net) => ({ name, nodes, shape, classes });

test('sizes are inferred from the shapes, heads assumed', () => {
  const cases: [model: string, name: string, Shape, classes: number, ZooOptions][] = [
    ['tiny', 'tiny', [28, 28, 1], 10, {}],
    ['mini', 'mini', [32, 32, 2], 8, {}],
    ['tiny', 'tiny', [28, 28, 1], 3, { widths: [12, 48], ratios: [3, 1], depthwise: [5, 9], stem: 7 }],
    ['tiny', 'tiny', [32, 32, 2], 4, { blocks: [2, 3], transformers: 2, mlpRatio: 2, sepRatio: 3 }],
    ['mini', 'mini', [32, 32, 2], 4, { blocks: [0, 2], widths: [4, 6] }],
    ['espikeformer-nano', 'espikeformer-nano', [224, 224, 3], 10, {}],
    ['espikeformer-t', 'espikeformer-t', [224, 224, 3], 1000, {}],
    ['espikeformer-s', 'espikeformer-s', [224, 224, 3], 1000, {}],
    [
      'espikeformer-t',
      'espikeformer',
      [224, 224, 2],
      7,
      {
        dims: [12, 20, 64, 72],
        ratio: 2,
        mlpRatio: 3,
        sepRatio: 1,
        depths: [2, 1],
        stem: 5,
        depthwiseKernels: [5, 7],
      },
    ],
  ];
  for (const [model, name, shape, classes, options] of cases) {
    const net = { ...zooNet(model, shape, classes, options), name };
    const { net: found } = imported(net.params);
    assert.equal(structure(found), structure(net), `${model} ${JSON.stringify(options)}`);
  }
});

test('heads, levels, sizes and normalisation: an option first, then the metadata', () => {
  const net = zooNet('tiny', [28, 28, 1], 10);
  const metadata = { heads: '2', D: '8', norm_mean: '0.2860', norm_std: '[0.3530]', input_size: '20' };
  const told = imported(net.params, {}, metadata);
  assert.equal(structure(told.net), {
    ...structure(zooNet('tiny', [20, 20, 1], 10, { heads: 2, levels: 8 })),
  });
  assert.equal(told.net.input, { shape: [20, 20, 1], mean: [0.286], std: [0.353] });
  const given = imported(
    net.params,
    { heads: 1, levels: 2, inputShape: [12, 30, 1], mean: [0.5], std: [2], classes: [...'abcdefghij'] },
    metadata,
  );
  assert.equal(structure(given.net), {
    ...structure(zooNet('tiny', [12, 30, 1], 10, { heads: 1, levels: 2 })),
    classes: [...'abcdefghij'],
  });
  assert.equal(given.notes, []);
  assert.equal(imported(zooNet('espikeformer-nano', [64, 64, 3], 10).params).net.input, {
    shape: [224, 224, 3],
    mean: [0.485, 0.456, 0.406],
    std: [0.229, 0.224, 0.225],
  });
});

test('what was assumed is said', () => {
  const { notes } = imported(zooNet('tiny', [28, 28, 1], 10).params, { levels: 4 });
  for (const what of ['heads 4', 'input shape 28, 28, 1', 'mean 0', 'std 1'])
    assert.ok(notes.includes(`${what}: assumed, not in the checkpoint`), `${what} in ${notes}`);
  const equal = zooNet('mini', [32, 32, 2], 4, {
    widths: [8, 8],
    blocks: [2, 1],
    ratios: [1, 1],
    depthwise: [3, 3],
  });
  const found = imported(equal.params);
  assert.equal(structure(found.net), structure(equal));
  assert.ok(found.notes.some((note) => note.includes('assumed the first has conv blocks 1, 2')));
});

test('options that do not fit are refused', () => {
  const { params } = zooNet('tiny', [28, 28, 1], 10);
  const cases: [ImportOptions, RegExp][] = [
    [{ heads: 5 }, /some\.pth: .*5 heads do not divide 32/],
    [{ heads: 0 }, /heads must be a positive integer, got 0/],
    [{ levels: 16 }, /levels must be 1\.\.15, got 16/],
    [{ inputShape: [28, 28, 3] }, /images with 1 channels, not 3/],
    [{ inputShape: [0, 28, 1] }, /three positive integers \(rows, columns, channels\)/],
    [{ inputShape: [65536, 65536, 1] }, /too large/],
    [{ mean: [0, 0] }, /one value for each of the 1 channels/],
    [{ std: [0] }, /not positive/],
    [{ classes: ['a'] }, /10 outputs, but 1 class names/],
  ];
  for (const [options, message] of cases)
    assert.match(refusal(() => imported(params, options)).message, message, JSON.stringify(options));
});

test('everything that does not fit stands in one error', () => {
  const { params } = zooNet('tiny', [28, 28, 1], 10);
  params.delete('b2.ch.3.1.bias');
  params.delete('d.1.1.weight');
  params.set('extra.weight', float32([3]));
  params.set('b1.ch.3.0.weight', float32([16, 32, 5, 5]));
  const { message } = refusal(() => imported(params));
  assert.match(message, /missing \(2\): d\.1\.1\.weight, b2\.ch\.3\.1\.bias/);
  assert.match(message, /unexpected \(1\): extra\.weight/);
  assert.match(message, /wrong \(1\): b1\.ch\.3\.0\.weight is \[16,32,5,5\] and should be \[16,32,3,3\]/);
  const broken = zooNet('tiny', [28, 28, 1], 10).params;
  broken.get('head.bias')!.data[2] = Number.NaN;
  broken.get('stem.1.running_var')!.data[0] = -1;
  assert.match(
    refusal(() => imported(broken)).message,
    /stem\.1\.running_var holds a negative variance, head\.bias holds NaN/,
  );
});

test('a checkpoint of another architecture', () => {
  const resnet = new Map<string, Tensor>();
  const tensor = (name: string, ...shape: number[]) =>
    resnet.set(name, float32(shape, new Array(product(shape)).fill(1)));
  tensor('conv1.weight', 64, 3, 7, 7);
  for (const part of ['weight', 'bias', 'running_mean', 'running_var']) tensor(`bn1.${part}`, 64);
  tensor('layer1.0.conv1.weight', 64, 64, 3, 3);
  tensor('layer1.0.conv2.weight', 64, 64, 3, 3);
  tensor('fc.weight', 1000, 64);
  tensor('fc.bias', 1000);
  const { message, hint } = refusal(() => imported(resnet));
  assert.match(
    message,
    /^some\.pth: these tensors match no architecture that spikelet knows: .*conv1\.weight \[64,3,7,7\]/,
  );
  assert.match(hint ?? '', /E-SpikeFormer/);
});

test("spikelet's own files need no import", () => {
  const net = zooNet('mini', [32, 32, 2], 4);
  assert.match(refusal(() => importNet(writeNet(net), 'own')).message, /own is a Net of spikelet already/);
});

test.run();
