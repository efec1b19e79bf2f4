import { deflateRawSync } from 'node:zlib';
import { importNet } from '../../host/import/index.js';
import { crc32, float32, writeNet, writeSafetensors } from '../../models/index.js';
import { zooNet } from '../support/nets.js';
import { below, pick, type Random } from '../support/random-graph.js';
import {
  ascii,
  concat,
  orderedDict,
  type Py,
  pickle,
  stateDict,
  stateEntries,
  tensorAt,
  torchLegacy,
  torchZip,
  zip,
} from '../support/torch.js';
import { damaged, hostileJson, spliced } from './mutate.js';
import type { Reader } from './reader.js';
import { fileOf, partsOf } from './safetensors.js';

/** Checkpoints of PyTorch: zips, pickles in both formats of torch.save, .safetensors of others. */
const { params } = zooNet('mini', [32, 32, 2], 2, { widths: [2, 4], ratios: [1, 1] });
const { value, storages } = stateDict(params);
const pickled = pickle(value);
const around = (weights: Py): Py =>
  new Map<Py, Py>([
    ['epoch', 3],
    ['model', weights],
    ['args', { call: ['argparse', 'Namespace'], args: [], state: new Map<Py, Py>([['num_heads', 1]]) }],
  ]);
const pickles = [pickled, pickle(around(value))];

/** What importing gives: the CRC of the Net. */
const read = (bytes: Uint8Array) => crc32(writeNet(importNet(bytes, 'f').net));

/** Opcodes and short programs of the pickle machine, put anywhere. */
const programs = [
  ...['(', ')', ']', '}', 'N', '.', '0', '1', '2', 'a', 'e', 's', 'u', 't', 'R', 'b', 'Q', 'q\0', 'h\0', 'o'],
  ...['cos\nsystem\n', 'cbuiltins\neval\n', '(iposix\nsystem\n', 'ctorch\nload\n', 'X\xff\xff\xff\xff'],
  ...[
    '\x8c\x03abc',
    '\x93',
    '\x94',
    '\x95\xff\xff\xff\xff\xff\xff\xff\x7f',
    '\x8a\xff',
    '\x8b\xff\xff\xff\x7f',
  ],
  ...[
    '\x80\x05',
    '\x85',
    '\x86',
    '\x87',
    ']'.repeat(5000),
    '\x85'.repeat(5000),
    'K\x01',
    'J\xff\xff\xff\xff',
  ],
].map((text) => Buffer.from(text, 'latin1'));

function hostilePickle(random: Random): Uint8Array {
  const original = pick(random, pickles);
  if (below(random, 3)) return damaged(original, random);
  let bytes: Uint8Array = original;
  for (let n = 1 + below(random, 3); n; n--) {
    const at = below(random, bytes.length);
    bytes = concat([bytes.subarray(0, at), pick(random, programs), bytes.subarray(at + below(random, 3))]);
  }
  return bytes;
}

/** A whole checkpoint of tensors whose views, types and names lie. */
function hostileTensors(random: Random): Uint8Array {
  const { entries, storages } = stateEntries(params);
  const n = () => pick(random, [-1, 0, 1, 2, 3, 4, 8, 0.5, 2 ** 31, 2 ** 40, 2 ** 53 - 1]);
  const at = below(random, entries.length);
  const [name] = entries[at]!;
  const shape = params.get(name)!.shape.map((size) => (below(random, 3) ? size : n()));
  const view = {
    type: pick(random, ['FloatStorage', 'HalfStorage', 'BFloat16Storage', 'LongStorage', 'BoolStorage', 'X']),
    key: pick(random, ['0', '1', String(at), 'none', '../0']),
    length: below(random, 2) ? params.get(name)!.data.length : n(),
    offset: below(random, 2) ? 0 : n(),
    size: shape,
    stride: shape.map(() => (below(random, 2) ? 1 : n())),
  };
  entries[at] = [pick(random, [name, '', 'module.'.repeat(2000), '__proto__', '\x1b[2J']), tensorAt(view)];
  if (!below(random, 4)) entries.push(pick(random, entries));
  return torchZip(pickle(orderedDict(entries)), storages);
}

/** Archives whose entries lie about names, sizes and each other. */
function hostileZip(random: Random, whole: Uint8Array): Uint8Array {
  const entry = () => {
    const data = pick(random, [pickled, whole, new Uint8Array(1 << pick(random, [0, 10, 20])), ascii('3\n')]);
    const claims = below(random, 3) ? data.length : pick(random, [0, 1, 1e6, 2 ** 28, 2 ** 31, 2 ** 32 - 1]);
    const name = pick(random, [
      'a/data.pkl',
      'data.pkl',
      'a/data/0',
      'a/version',
      '../a',
      '',
      'b/data.pkl',
      'x.pth',
    ]);
    return { name, data, deflate: below(random, 2) === 0, claims };
  };
  const made = zip(Array.from({ length: 1 + below(random, 5) }, entry));
  return below(random, 2) ? made : damaged(made, random);
}

const reader = (name: string, parts: number, input: (random: Random) => Uint8Array): Reader => ({
  name,
  parts,
  open: async () => ({ input, read }),
});

const archive = torchZip(pickled, storages);
const packed = torchZip(pickled, storages, { deflate: true });
const legacy = torchLegacy(pickled, storages);
const plain = writeSafetensors(new Map([...params, ['extra', float32([1])]]), { num_heads: '1' });
const bomb = deflateRawSync(new Uint8Array(2 ** 24));

export const importReaders: Reader[] = [
  reader('zips of torch.save', 7, (random) =>
    below(random, 8)
      ? damaged(pick(random, [archive, packed]), random)
      : spliced([archive, packed, legacy], random),
  ),
  reader('pickles in a zip', 8, (random) =>
    below(random, 3) ? torchZip(hostilePickle(random), storages) : hostileTensors(random),
  ),
  reader('legacy pickles', 7, (random) =>
    below(random, 2) ? damaged(legacy, random) : torchLegacy(hostilePickle(random), storages),
  ),
  reader('zips within zips', 3, (random) => hostileZip(random, pick(random, [archive, bomb, legacy]))),
  reader('.safetensors of others', 4, (random) => {
    const { header, data } = partsOf(plain);
    return below(random, 3) ? fileOf(hostileJson(header, random), data) : damaged(plain, random);
  }),
];
