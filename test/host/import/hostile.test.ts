import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { importNet } from '../../../host/import/index.js';
import { float32, type Net, SpikeletError, writeSafetensors } from '../../../models/index.js';
import { edits, growth, mutated, survives } from '../../support/mutations.js';
import { zooNet } from '../../support/nets.js';
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
  type View,
  zip,
} from '../../support/torch.js';

/** The error of importing a file that must be refused with a SpikeletError. */
function refusal(bytes: Uint8Array): SpikeletError {
  try {
    importNet(bytes, 'some.pth');
  } catch (error) {
    if (!(error instanceof SpikeletError)) throw error;
    assert.match(error.message, /^some\.pth/);
    return error;
  }
  throw new Error('it was not refused');
}

const refused = (bytes: Uint8Array, message: RegExp, what = '') =>
  assert.match(refusal(bytes).message, message, what);

const zipOf = (pickled: Uint8Array) => torchZip(pickled, new Map());
const program = (...parts: (string | number[])[]): Uint8Array =>
  concat(parts.map((part) => (typeof part === 'string' ? ascii(part) : Uint8Array.from(part))));
const short = (text: string): string => `\x8c${String.fromCharCode(text.length)}${text}`;
const latin1 = (text: string): number[] => [...text].map((c) => c.charCodeAt(0));

test('a pickle that calls something is refused by the name of it', () => {
  const calls: [string, Uint8Array][] = [
    ['os.system', program([0x80, 2], 'cos\nsystem\n', 'X', [4, 0, 0, 0], 'true', [0x85], 'R.')],
    ['posix.system', program('cposix\nsystem\n(X', [4, 0, 0, 0], 'true', 'tR.')],
    ['nt.system', program([0x80, 4], latin1(`${short('nt')}${short('system')}\x93)R.`))],
    ['posix.execv', program('(dp0\nVmodel\np1\ncposix\nexecv\np2\n(Vtrue\np3\ntp4\nRp5\ns.')],
    ['builtins.eval', program([0x80, 2], 'cbuiltins\neval\n(X', [3, 0, 0, 0], '1+1', 'tR.')],
    ['__builtin__.exec', program([0x80, 2], 'c__builtin__\nexec\n.')],
    ['builtins.getattr', program([0x80, 4], latin1(`${short('builtins')}${short('getattr')}\x93.`))],
    ['subprocess.Popen', program([0x80, 2], '(isubprocess\nPopen\n.')],
    ['torch.load', program([0x80, 2], 'ctorch\nload\n.')],
    ['torch.FloatStorage', program([0x80, 2], 'ctorch\nFloatStorage\n)R.')],
    ['numpy.core.multiarray.fromfile', program([0x80, 2], 'cnumpy.core.multiarray\nfromfile\n.')],
    ['os.PathLike', program([0x80, 2], 'cos\nPathLike\n.')],
    ['torch.hub.HubResult', program([0x80, 2], 'ctorch.hub\nHubResult\n.')],
    ['functools.reduce', program([0x80, 2], 'cfunctools\nreduce\n.')],
    ['posix.system', program([0x80, 2], 'cfunctools\npartial\ncposix\nsystem\n', [0x85], 'R.')],
    ['webbrowser.Chrome', program([0x80, 2], 'cwebbrowser\nChrome\n.')],
    ['my.Model.forward', program([0x80, 2], 'cmy\nModel.forward\n.')],
    ['collections.OrderedDict.__init__', program([0x80, 2], 'ccollections\nOrderedDict.__init__\n.')],
    ['constructor.constructor', program([0x80, 2], 'cconstructor\nconstructor\n.')],
  ];
  for (const [name, pickled] of calls)
    for (const bytes of [zipOf(pickled), torchLegacy(pickled, new Map()), pickled]) {
      const { message } = refusal(bytes);
      assert.ok(message.includes(`it wants to call '${name}'`), message);
      assert.match(message, /Nothing was executed/);
    }
});

test('pickles that are not checkpoints', () => {
  const cases: [string, RegExp, Uint8Array][] = [
    ['unknown opcode', /opcode 0x97 does not belong/, program([0x80, 2, 0x97])],
    ['extension registry', /opcode 0x82 does not belong/, program([0x80, 2, 0x82, 1])],
    ['unknown protocol', /protocol 77 is unknown/, program([0x80, 77])],
    ['empty', /1 bytes are needed, 0 are left/, program('')],
    ['no end', /1 bytes are needed, 0 are left/, program([0x80, 2], '}')],
    ['empty stack', /empty stack/, program([0x80, 2], '.')],
    ['no mark', /a mark is missing/, program([0x80, 2], 't.')],
    ['below a mark', /empty stack/, program([0x80, 2], '}(0s.')],
    ['never stored', /refers to value 9, which it never stored/, program([0x80, 2], 'h', [9])],
    ['huge text', /4294967295 bytes are needed/, program([0x80, 2], 'X', [255, 255, 255, 255])],
    ['2^63 bytes', /bytes are needed/, program([0x80, 4, 0x8d, 0, 0, 0, 0, 0, 0, 0, 0x80])],
    ['2^64 - 1 bytes', /bytes are needed/, program([0x80, 4, 0x8e, ...new Array(8).fill(255)])],
    ['huge integer', /an integer of 4294967295 bytes/, program([0x80, 2, 0x8b, 255, 255, 255, 255])],
    ['name without end', /a name that does not end/, program([0x80, 2], 'c', 'x'.repeat(300))],
    ['call of a text', /calls something that is not a function/, program([0x80, 2], 'N)R.')],
    ['append to a dict', /appends to something that is not a list/, program([0x80, 2], '}Na.')],
    ['item of a list', /sets items of something that is not a dict/, program([0x80, 2], ']NNs.')],
    ['odd items', /sets items of something that is not a dict/, program([0x80, 2], '}(Nu.')],
    ['state of a list', /sets attributes of something that is not an object/, program([0x80, 2], ']}b.')],
    ['other persistent id', /is not a storage/, program([0x80, 2], 'NQ.')],
    ['a number', /holds no state_dict: it is not a dict/, pickle(7)],
    [
      'other keys',
      /holds no state_dict: its keys are 'a', 'b'/,
      pickle(
        new Map<Py, Py>([
          ['a', 1],
          ['b', 2],
        ]),
      ),
    ],
    ['empty dict', /holds no state_dict: its keys are none/, pickle(new Map())],
  ];
  for (const [what, message, pickled] of cases) refused(zipOf(pickled), message, what);
});

test('bombs: deep nesting, self-reference, memo, sheer number', () => {
  const deep = 400_000;
  const nested = program([0x80, 2], ']'.repeat(deep), 'a'.repeat(deep - 1), '.');
  refused(zipOf(nested), /holds no state_dict/, 'nested lists');
  const tuples = program([0x80, 2], 'N', new Array(deep).fill(0x85), '.');
  refused(zipOf(tuples), /holds no state_dict/, 'nested tuples');
  const keyed = program([0x80, 2], '}', 'N', new Array(deep).fill(0x85), [0x4b, 1], 's.');
  refused(zipOf(keyed), /holds no state_dict[\s\S]*'an object'/, 'nested tuples as a key');
  // A dict that is its own 'model'.
  const itself = program([0x80, 2], '}q', [0], 'X', [5, 0, 0, 0], 'model', 'h', [0], 's.');
  refused(zipOf(itself), /holds no state_dict/, 'self-reference');
  // Each list holds the one before it ten times: 10^60 items if anybody walked them.
  const laughs = ['N'];
  for (let i = 0; i < 60; i++) laughs.push(`q\x01](${'h\x01'.repeat(10)}e`);
  refused(zipOf(program([0x80, 2], latin1(`${laughs.join('')}.`))), /holds no state_dict/, 'billion laughs');
  // A list of many pairs made a dict again and again, and a dict of many items made attributes.
  const pairs = ['K\x01K\x01\x86q\x02](', 'h\x02'.repeat(100_000), 'eq\x03'];
  const dicts = latin1(
    `${pairs.join('')}ccollections\nOrderedDict\nq\x04${'h\x04h\x03\x85R'.repeat(200_000)}.`,
  );
  refused(zipOf(program([0x80, 2], dicts)), /more than 500000 objects/, 'dicts of a list');
  const items = Array.from({ length: 50_000 }, (_, i) => `J${String.fromCharCode(i & 255, i >> 8, 0, 0)}N`);
  const attributes = `}(${items.join('')}uq\x01cargparse\nNamespace\n)R${'h\x01b'.repeat(500_000)}.`;
  refused(zipOf(program([0x80, 2], latin1(attributes))), /more than 500000 objects/, 'attributes of a dict');
  const wrapped = (count: number) => writeSafetensors(new Map([['module.'.repeat(count), float32([1])]]));
  refused(wrapped(300_000), /a name of 2100000 characters/, 'prefixes');
  refused(wrapped(140), /no architecture that spikelet knows/, 'prefixes');
  const grew = growth(() => {
    refused(zipOf(program([0x80, 2], '}'.repeat(5_000_000))), /more than 500000 objects/, 'objects');
    refused(zipOf(program([0x80, 2], 'N'.repeat(5_000_000))), /more than 2000000 opcodes/, 'opcodes');
  });
  assert.ok(grew < 400e6, `memory grew by ${grew} bytes`);
});

const net = (): Net => zooNet('mini', [32, 32, 2], 2, { widths: [2, 4], ratios: [1, 1] });

/** A checkpoint whose head.weight ([2, 4]) is a view of a storage of 8 floats. */
function withView(view: Partial<View>, storage = new Uint8Array(32)): Uint8Array {
  const { entries, storages } = stateEntries(net().params);
  const tensor = tensorAt({ key: 'own', length: 8, size: [2, 4], stride: [4, 1], ...view });
  const changed = entries.map(([name, value]): [string, Py] => [
    name,
    name === 'head.weight' ? tensor : value,
  ]);
  return torchZip(pickle(orderedDict(changed)), new Map([...storages, ['own', storage]]));
}

test('tensors outside their storage, or overlapping in it', () => {
  importNet(withView({}), 'right');
  importNet(withView({ stride: [1, 2] }), 'transposed');
  importNet(withView({ stride: [0, 1] }), 'expanded');
  importNet(withView({ stride: [0, 0], offset: 7 }), 'one value');
  const cases: [string, RegExp, Uint8Array][] = [
    [
      'offset',
      /'head\.weight' \[2,4\] with strides \[4,1\] at 1 reaches beyond the 8 values/,
      withView({ offset: 1 }),
    ],
    ['stride', /reaches beyond the 8 values/, withView({ stride: [5, 1] })],
    ['far', /reaches beyond/, withView({ stride: [2 ** 53 - 1, 2 ** 53 - 1] })],
    ['overlapping', /overlaps itself/, withView({ stride: [2, 1] })],
    ['negative stride', /a wrong storage, offset, size or stride/, withView({ stride: [-4, 1] })],
    ['negative offset', /a wrong storage, offset, size or stride/, withView({ offset: -1 })],
    ['negative size', /a wrong storage, offset, size or stride/, withView({ size: [-2, -4] })],
    ['fraction', /a wrong storage, offset, size or stride/, withView({ offset: 0.5 })],
    ['ranks', /2 sizes and 1 strides/, withView({ stride: [1] })],
    [
      'huge',
      /head\.weight is \[100000,100000\] and should be/,
      withView({ size: [1e5, 1e5], stride: [0, 0] }),
    ],
    ['no storage', /needs the 32 bytes of storage 'none'/, withView({ key: 'none' })],
    ['short storage', /needs the 32 bytes of storage 'own'/, withView({}, new Uint8Array(28))],
    ['long storage', /needs the 32 bytes of storage 'own'/, withView({}, new Uint8Array(36))],
    ['2^50 values', /bytes of storage 'own'/, withView({ length: 2 ** 50 })],
    [
      'unknown type',
      /holds complex numbers, which spikelet does not read/,
      withView({ type: 'ComplexFloatStorage' }),
    ],
    ['other length', /storage '0' has two types or lengths/, withView({ key: '0' })],
    ['NaN', /head\.weight holds NaN or infinity/, withView({}, new Uint8Array(32).fill(255))],
  ];
  for (const [what, message, bytes] of cases) refused(bytes, message, what);
});

test('a storage that too many tensors share', () => {
  const entries = [...net().params].map(([name, { shape }]): [string, Py] => {
    const stride = shape.map((_, i) => shape.slice(i + 1).reduce((a, b) => a * b, 1));
    return [name, tensorAt({ key: 'one', length: 200, size: shape, stride })];
  });
  const storages = new Map([['one', new Uint8Array(800)]]);
  refused(torchZip(pickle(orderedDict(entries)), storages), /is one of too many that share a storage/);
});

test('damaged and lying zip archives', () => {
  const { value, storages } = stateDict(net().params);
  const whole = torchZip(pickle(value), storages);
  importNet(whole, 'whole');
  for (let length = 2; length < whole.length; length += 97)
    refused(whole.subarray(0, length), /damaged zip archive|neither/, `${length} bytes`);
  const zeros = (length: number) => new Uint8Array(length);
  const bomb = zip([{ name: 'a/data.pkl', data: zeros(2 ** 28), deflate: true }]);
  assert.ok(bomb.length < 400_000);
  const grew = growth(() => {
    refused(bomb, /claim to unpack to 268435456/, 'bomb');
    const small = deflateRawSync(zeros(2 ** 27));
    assert.ok(small.length < 200_000);
    const lying = zip([{ name: 'a/data.pkl', data: zeros(2 ** 27), deflate: true, claims: 1000 }]);
    refused(lying, /'a\/data\.pkl' cannot be unpacked/, 'a bomb that claims 1,000 bytes');
  });
  // The bombs themselves were made of 128 MiB of zeros in this process.
  assert.ok(grew < 300e6, `memory grew by ${grew} bytes`);
  const pkl = pickle(value);
  const cases: [string, RegExp, Uint8Array][] = [
    ['larger than it is', /claims/, zip([{ name: 'data.pkl', data: pkl, claims: pkl.length + 1 }])],
    ['twice', /holds 'data\.pkl' twice/, zip(['data.pkl', 'data.pkl'].map((name) => ({ name, data: pkl })))],
    ['no pickle', /'data\.pkl' is missing/, zip([{ name: 'readme', data: pkl }])],
    [
      'two pickles',
      /several checkpoints: a\/data\.pkl, b\/data\.pkl/,
      zip(['a/data.pkl', 'b/data.pkl'].map((name) => ({ name, data: pkl }))),
    ],
    [
      'big-endian',
      /big-endian/,
      zip([
        { name: 'a/data.pkl', data: pkl },
        { name: 'a/byteorder', data: ascii('big') },
      ]),
    ],
  ];
  for (const [what, message, bytes] of cases) refused(bytes, message, what);
  const flipped = whole.slice();
  flipped[60] = flipped[60]! ^ 1;
  refused(flipped, /the checksum of 'archive\/data\.pkl' is wrong/);
});

test('damaged legacy files', () => {
  const { value, storages } = stateDict(net().params);
  const whole = torchLegacy(pickle(value), storages);
  importNet(whole, 'whole');
  for (let length = 0; length < whole.length; length += 97)
    refused(whole.subarray(0, length), /is refused at byte|is damaged|neither|is empty/, `${length} bytes`);
  refused(pickle(7), /is a pickle, but not one that torch\.save wrote/);
  refused(
    torchLegacy(pickle(value), new Map([['x', new Uint8Array(4)]])),
    /storage 'x', which no tensor uses/,
  );
  const [key, data] = [...storages][0]!;
  const shorter = new Map([...storages, [key, data.subarray(4)]]);
  refused(torchLegacy(pickle(value), shorter), /does not hold the \d+ values that it claims/);
  const missing = new Map([...storages].slice(1));
  refused(torchLegacy(pickle(value), missing), /bytes of storage '0', which are missing/);
});

test('files of other kinds', () => {
  refused(
    ascii('hello, this is not a checkpoint'),
    /is neither a \.safetensors file nor one that torch\.save wrote/,
  );
  const latin = (text: string) => Uint8Array.from(latin1(text));
  const cases: [RegExp, Uint8Array][] = [
    [/is empty/, ascii('')],
    [/begins with only zeros/, new Uint8Array(100)],
    [/is a Git LFS pointer/, ascii('version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 40\n')],
    [/is a web page/, ascii('\n<!DOCTYPE html><html><title>Log in</title>')],
    [/is XML/, ascii('<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>')],
    [/is XML/, ascii('<Error><Code>AccessDenied</Code></Error>')],
    [/looks like JSON/, ascii('{"architectures": ["Net"]}')],
    [/is an HDF5 file/, latin('\x89HDF\r\n\x1a\n')],
    [/TensorFlow Lite/, latin('\x1c\0\0\0TFL3')],
    [/GGUF/, ascii('GGUF____')],
    [/compressed with gzip/, latin('\x1f\x8b\x08\0')],
    [/compressed with zstd/, latin('\x28\xb5\x2f\xfd\0')],
    [/7-Zip/, latin('7z\xbc\xaf\x27\x1c')],
    [/RAR/, latin('Rar!\x1a\x07\x01')],
    [/tar archive/, latin(`${'a'.padEnd(257, '\0')}ustar`)],
    [/is an ONNX model/, latin('\x08\x07\x12\x07pytorch')],
    [/TensorFlow SavedModel/, latin('\x08\x01\x12\x05serve')],
    [/another library/, latin('\x80\x04\x8c\x18sklearn.linear_model._base')],
    [/NumPy array/, latin('\x93NUMPY\x01')],
    [/WebAssembly/, latin('\0asm\x01\0\0\0')],
  ];
  for (const [message, bytes] of cases) {
    refused(bytes, message);
    assert.ok(refusal(bytes).hint, String(message));
  }
  const entry = (name: string, data = ascii('x')) => ({ name, data });
  refused(
    zip([entry('m/data.pkl'), entry('m/code/__torch__/net.py'), entry('m/constants.pkl')]),
    /is TorchScript/,
  );
  refused(zip([entry('a.npy'), entry('b.npy')]), /archive of NumPy arrays/);
  refused(zip([entry('a.pth'), entry('b.pth')]), /several checkpoints: a\.pth, b\.pth/);
  refused(zip([entry('a.pth', zip([entry('b.pth')]))]), /'a\.pth' in it is another archive/);
  refused(zip([entry('a.pth', ascii('<html>'))]), /'a\.pth' in it is a web page/);
  const index = (part: unknown) => ascii(JSON.stringify({ weight_map: { 'a.weight': part } }));
  refused(index('model-1.safetensors'), /index of a checkpoint in several files \(shards\): model-1/);
  for (const part of ['../x', '/etc/passwd', '..', 'a\\b', 7, '']) refused(index(part), /is a damaged index/);
});

test('12,000 damaged files are read or refused, never more', () => {
  const { params } = net();
  const { value, storages } = stateDict(params);
  const pickled = pickle(value);
  const files: ((changes: Parameters<typeof mutated>[1]) => Uint8Array)[] = [
    (changes) => mutated(torchZip(pickled, storages), changes),
    // A whole archive around a damaged pickle, or its checksum would hide the pickle's reader.
    (changes) => torchZip(mutated(pickled, changes), storages),
    (changes) => mutated(torchLegacy(pickled, storages), changes),
    (changes) => mutated(writeSafetensors(params), changes),
  ];
  const outcomes = files.map(() => ({ read: 0, refused: 0 }));
  const grew = growth(() =>
    fc.assert(
      fc.property(fc.nat({ max: files.length - 1 }), edits, (file, changes) => {
        const bytes = files[file]!(changes);
        outcomes[file]![survives(() => importNet(bytes, 'damaged'))]++;
      }),
      { numRuns: 12_000 },
    ),
  );
  assert.ok(grew < 300e6, `memory grew by ${grew} bytes`);
  // Both happen in every format, so the damage is neither all noticed nor all missed.
  for (const { read, refused } of outcomes) assert.ok(read > 0 && refused > 500, JSON.stringify(outcomes));
});

test.run();
