import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { importFile, importNet } from '../../../host/import/index.js';
import { type Net, type Tensor, writeSafetensors } from '../../../models/index.js';
import { reference } from '../../support/needs.js';
import { zooNet } from '../../support/nets.js';
import { seeded } from '../../support/random-graph.js';
import { shared } from '../../support/shared.js';
import { testWith } from '../../support/skip.js';
import {
  bytesOf,
  orderedDict,
  type Py,
  pickle,
  stateDict,
  stateEntries,
  tensorAt,
  torchLegacy,
  torchZip,
} from '../../support/torch.js';

/** float32 to the bits of the nearest half, ties to even: what tensor.half() does. */
function halfBits(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const x = Math.abs(value);
  const even = (v: number) => {
    const low = Math.floor(v);
    const rest = v - low;
    return rest > 0.5 || (rest === 0.5 && low % 2) ? low + 1 : low;
  };
  if (x < 2 ** -14) return sign | even(x * 2 ** 24);
  const exponent = Math.floor(Math.log2(x));
  const mantissa = even((x / 2 ** exponent) * 1024);
  return sign | (((exponent + 15) << 10) + (mantissa - 1024));
}

const halfValue = (bits: number): number => {
  const [exponent, mantissa] = [(bits >> 10) & 31, bits & 1023];
  const x = exponent ? (1 + mantissa / 1024) * 2 ** (exponent - 15) : (mantissa / 1024) * 2 ** -14;
  return bits & 0x8000 ? -x : x;
};

const mapParams = (net: Net, change: (v: number) => number): Net => ({
  ...net,
  params: new Map(
    [...net.params].map(([name, { shape, data }]) => [
      name,
      { shape, data: (data as Float32Array).map(change) },
    ]),
  ),
});

const byName = ({ params, ...net }: Net) => ({ ...net, params: new Map([...params].sort()) });
/** Not assert.equal, whose report of two differing Nets fills the screen. */
const same = (a: Net, b: Net, message: string) =>
  assert.ok(isDeepStrictEqual(byName(a), byName(b)), `${message} differs`);

const nano = shared('vectors/espikeformer-nano');
(await testWith([reference('vectors/espikeformer-nano')]))(
  'all formats of the reference checkpoint give the same Net',
  async () => {
    const inputShape: [number, number, number] = [64, 64, 3];
    const { net } = await importFile(`${nano}/model.safetensors`, { inputShape });
    assert.is(net.params.size, 508);
    for (const file of ['state_dict', 'state_dict_ddp', 'state_dict_legacy'])
      same((await importFile(`${nano}/${file}.pth`, { inputShape })).net, net, file);
    // Its image size is in the training script's arguments.
    const training = await importFile(`${nano}/checkpoint-199.pth`);
    same(training.net, net, 'checkpoint-199');
    assert.ok(training.notes.includes("the weights are those under 'model'"), String(training.notes));
    const half = await importFile(`${nano}/state_dict_half.pth`, { inputShape });
    // Every parameter is exactly the float32 one rounded to the nearest half.
    same(
      half.net,
      mapParams(net, (v) => halfValue(halfBits(v))),
      'half',
    );
  },
);

const small = () => zooNet('tiny', [28, 28, 1], 10, { widths: [8, 16] });
const inputOf = ({ input: { mean, std } }: Net) => ({ mean, std });

test('zip, deflated zip and legacy pickles, alone and inside a training checkpoint', () => {
  const net = small();
  const { value, storages } = stateDict(net.params);
  const counted = new Map([...storages, ['n', bytesOf(BigInt64Array.of(7n))]]);
  const withCounter: Py = {
    ...(value as { call: [string, string]; args: Py[] }),
    state: new Map<Py, Py>([['_metadata', orderedDict([])]]),
  };
  const counter = tensorAt({ type: 'LongStorage', key: 'n', length: 1, size: [], stride: [] });
  const training = new Map<Py, Py>([
    ['epoch', 3],
    ['best', 0.5],
    ['loss', null],
    ['model_state_dict', withCounter],
    ['args', { call: ['argparse', 'Namespace'], args: [], state: new Map<Py, Py>([['img_size', 28]]) }],
    [
      'optimizer',
      new Map<Py, Py>([
        ['param_groups', [new Map<Py, Py>([['lr', 0.1]])]],
        ['state', counter],
      ]),
    ],
  ]);
  const cases: Record<string, Uint8Array> = {
    zip: torchZip(pickle(value), storages),
    deflated: torchZip(pickle(value), storages, { deflate: true }),
    legacy: torchLegacy(pickle(value), storages),
    training: torchZip(pickle(training), counted),
    safetensors: writeSafetensors(net.params),
  };
  for (const [name, bytes] of Object.entries(cases))
    same(importNet(bytes, name, inputOf(net)).net, net, name);
});

test('prefixes of wrappers and counters of batch norms are taken away', () => {
  const net = small();
  const wrapped = new Map<string, Tensor>();
  for (const [name, tensor] of net.params) wrapped.set(`_orig_mod.module.${name}`, tensor);
  wrapped.set('_orig_mod.module.stem.1.num_batches_tracked', { shape: [], data: BigInt64Array.of(5n) });
  same(importNet(writeSafetensors(wrapped), 'x', inputOf(net)).net, net, 'prefixes');
});

/** A checkpoint whose tensor `name` has a hand-made storage. */
function withTensor(net: Net, name: string, tensor: Py, storage: Uint8Array): Uint8Array {
  const params = new Map([...net.params].filter(([other]) => other !== name));
  const { entries, storages } = stateEntries(params);
  storages.set('own', storage);
  return torchZip(pickle(orderedDict([...entries, [name, tensor]])), storages);
}

test('double, half, bfloat16 and non-contiguous tensors', () => {
  const net = small();
  const name = 'head.weight';
  const [rows, columns] = net.params.get(name)!.shape as [number, number];
  const length = rows * columns;
  const random = seeded(3);
  // Multiples of 1/64 below 2: exact in every type.
  const values = Float32Array.from({ length }, () => (Math.floor(random() * 256) - 128) / 64);
  const types: [string, Uint8Array][] = [
    ['DoubleStorage', bytesOf(Float64Array.from(values))],
    ['HalfStorage', bytesOf(Uint16Array.from(values, halfBits))],
    ['BFloat16Storage', bytesOf(Uint16Array.from(new Uint32Array(values.slice().buffer), (b) => b >>> 16))],
  ];
  const imported = (tensor: Py, storage: Uint8Array) =>
    importNet(withTensor(net, name, tensor, storage), 'x', inputOf(net)).net.params.get(name)!.data;
  for (const [type, storage] of types)
    assert.equal(
      imported(tensorAt({ type, key: 'own', length, size: [rows, columns], stride: [columns, 1] }), storage),
      values,
      type,
    );
  // A transposed view, from the fourth value of a longer storage on.
  const transposed = new Float32Array(length + 5);
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) transposed[3 + c * rows + r] = values[r * columns + c]!;
  const view = {
    key: 'own',
    length: transposed.length,
    offset: 3,
    size: [rows, columns],
    stride: [1, rows],
  };
  assert.equal(imported(tensorAt(view), bytesOf(transposed)), values, 'transposed');
});

test('tensors that are parts of one storage', () => {
  const net = small();
  const total = [...net.params.values()].reduce((sum, { data }) => sum + data.length, 0);
  const flat = new Float32Array(total);
  let offset = 0;
  const entries = [...net.params].map(([name, { shape, data }]): [string, Py] => {
    flat.set(data as Float32Array, offset);
    const stride = shape.map((_, i) => shape.slice(i + 1).reduce((a, b) => a * b, 1));
    const tensor = tensorAt({ key: 'all', length: total, offset, size: shape, stride });
    offset += data.length;
    return [name, { call: ['torch._utils', '_rebuild_parameter'], args: [tensor, true, orderedDict([])] }];
  });
  const bytes = torchLegacy(pickle(orderedDict(entries)), new Map([['all', bytesOf(flat)]]));
  same(importNet(bytes, 'x', inputOf(net)).net, net, 'shared storage');
});

test('40 MB are read whole, in either format', () => {
  const net = zooNet('espikeformer-m', [224, 224, 3], 1000);
  const { value, storages } = stateDict(net.params);
  const pickled = pickle(value);
  const options = { ...inputOf(net) };
  for (const bytes of [torchZip(pickled, storages), torchLegacy(pickled, storages)]) {
    assert.ok(bytes.length > 40e6);
    const { net: imported } = importNet(bytes, 'x', options);
    for (const [name, { data }] of net.params)
      if (Buffer.compare(bytesOf(data), bytesOf(imported.params.get(name)!.data)))
        assert.unreachable(`${name} differs`);
  }
});

(await testWith([reference('vectors/espikeformer-m')]))(
  'the 40 MB reference checkpoint is read whole',
  () => {
    const bytes = readFileSync(`${shared('vectors/espikeformer-m')}/model.safetensors`);
    const { params } = importNet(bytes, 'x').net;
    const values = [...params.values()].reduce((sum, { data }) => sum + data.length, 0);
    assert.equal([params.size, values], [508, 10_085_080]);
  },
);

test.run();
