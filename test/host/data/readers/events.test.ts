import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as zlib from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Cut, countEvents, cutEvents } from '../../../../host/data/readers/events/frames.js';
import { type Events, eventFormats, readEvents } from '../../../../host/data/readers/events/index.js';
import { xxh32 } from '../../../../host/data/readers/events/lz4.js';
import { readSafetensors } from '../../../../models/index.js';
import { aedat4, frame, nmnist, type Row, raw, someEvents, words } from '../../../support/event-files.js';
import { refusedFor } from '../../../support/mutants.js';
import { lz4, reference, zstd } from '../../../support/needs.js';
import { headerOf, npy, zip } from '../../../support/npy-files.js';
import { shared } from '../../../support/shared.js';
import { testWith } from '../../../support/skip.js';

const rowsOf = ({ t, x, y, p }: Events): Row[] => Array.from(t, (time, i) => [time, x[i]!, y[i]!, p[i]!]);
const read = (bytes: Uint8Array, name = 'f', options = {}) => rowsOf(readEvents(bytes, name, options).events);
const vectors = [reference('vectors/events/io.safetensors')];
const file = (name: string) => new Uint8Array(readFileSync(shared(`vectors/events/${name}`)!));
const tensor = (name: string) => readSafetensors(file('io.safetensors')).tensors.get(name)!;

/** The same events in every format, and the format that each file is taken for. */
const files: [name: string, format: string, wanted: string][] = [
  ['nmnist-23bit.bin', 'N-MNIST', 'events34'],
  ['nmnist-overflow.bin', 'N-MNIST', 'events34'],
  ['dvs128.aedat2', 'AEDAT 2.0', 'events128'],
  ['dvs128.aedat3', 'AEDAT 3.1', 'events128'],
  ['dvs128.aedat4', 'AEDAT 4.0', 'events128'],
  ['evt2.raw', 'Prophesee .raw', 'events128'],
  ['evt3.raw', 'Prophesee .raw', 'events128'],
  ['cd.dat', 'Prophesee .dat', 'events128'],
];

(await testWith(vectors))('the same events in eight formats are equal', () => {
  for (const [name, format, wanted] of files) {
    const found = readEvents(file(name), name);
    assert.is(found.format, format, name);
    const data = [...(tensor(wanted).data as Int32Array)];
    assert.equal(rowsOf(found.events).flat(), data, name);
    if (wanted === 'events128' && format !== 'AEDAT 3.1')
      assert.equal([found.events.width, found.events.height], [128, 128], name);
  }
});

const cuts: Record<string, Cut> = {
  'window-50000': { by: 'time', window: 50_000 },
  'window-50000-incomplete': { by: 'time', window: 50_000, incomplete: true },
  'window-50000-overlap-10000': { by: 'time', window: 50_000, stride: 40_000 },
  'window-50000-from-0': { by: 'time', window: 50_000, start: 0 },
  'bins-16': { by: 'bins', bins: 16, rest: 'drop' },
  'count-500': { by: 'count', count: 500 },
  'count-500-incomplete': { by: 'count', count: 500, incomplete: true },
  'eventbins-16': { by: 'count-bins', bins: 16, rest: 'drop' },
};

(await testWith(vectors))("frames of counts equal tonic's", () => {
  const { events } = readEvents(file('cd.dat'), 'cd.dat');
  for (const [name, cut] of Object.entries(cuts)) {
    const { shape, data } = tensor(`tonic/${name}`);
    const frames = cutEvents(events, cut).map((slice) =>
      countEvents(events, slice, { width: 128, height: 128 }),
    );
    assert.is(frames.length, shape[0], name);
    const wanted = Buffer.from(data as Uint8Array);
    assert.ok(wanted.equals(Buffer.from(frames.flatMap((frame) => [...frame]))), name);
  }
});

test("SpikingJelly's last frame takes what remains", () => {
  const t = Float64Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
  const zeros = new Uint16Array(t.length);
  const events: Events = { t, x: zeros, y: zeros, p: new Uint8Array(t.length), skipped: 0 };
  const pairs = (cut: Cut) => cutEvents(events, cut).map(({ from, to }) => [from, to]);
  assert.equal(pairs({ by: 'bins', bins: 3, rest: 'last' }), [
    [0, 3],
    [3, 6],
    [6, 11],
  ]);
  assert.equal(pairs({ by: 'bins', bins: 3, rest: 'drop' }), [
    [0, 3],
    [3, 6],
    [6, 9],
  ]);
  assert.equal(pairs({ by: 'count-bins', bins: 4, rest: 'last' }), [
    [0, 2],
    [2, 4],
    [4, 6],
    [6, 11],
  ]);
  assert.equal(pairs({ by: 'time', window: 5 }), [
    [0, 5],
    [5, 10],
  ]);
  refusedFor(/window must be a whole number/, () => cutEvents(events, { by: 'time', window: 0 }));
  refusedFor(/number of frames must be/, () =>
    cutEvents({ ...events, t: Float64Array.of(0, 1e12) }, { by: 'time', window: 1 }),
  );
  refusedFor(/outside 1x0/, () => countEvents(events, { from: 0, to: 1 }, { width: 1, height: 0 }));
});

(await testWith([reference('data/n-mnist')]))('recordings of N-MNIST: 34x34, in order', () => {
  const folder = shared('data/n-mnist')!;
  const names = readdirSync(folder).filter((name, i) => name.endsWith('.bs2') && i % 100 === 0);
  assert.ok(names.length > 5);
  for (const name of names) {
    const bytes = readFileSync(join(folder, name));
    const { events, moved } = readEvents(bytes, name);
    assert.equal([events.t.length, moved], [bytes.length / 5, 0], name);
    assert.is(Math.max(...events.x, ...events.y), 33, name);
  }
});

test('events out of order are refused, or sorted where that is asked for', () => {
  const bytes = nmnist([5, 1, 1, 0], [9, 2, 2, 1], [7, 3, 3, 1], [7, 4, 4, 0]);
  refusedFor(/event 2 is at 7 us, one before it at a later time; so are 1 more/, () => read(bytes, 'f.bin'));
  const { events, moved } = readEvents(bytes, 'f.bin', { order: 'sort' });
  assert.is(moved, 2);
  assert.equal(rowsOf(events), [
    [5, 1, 1, 0],
    [7, 3, 3, 1],
    [7, 4, 4, 0],
    [9, 2, 2, 1],
  ]);
});

test('clocks that start again go on', () => {
  const evt3 = raw('% evt 3.0\n% end\n', words(2, 0x8fff, 0x6fff, 0x2001, 0x8000, 0x6000, 0x2002));
  assert.equal(read(evt3), [
    [2 ** 24 - 1, 1, 0, 0],
    [2 ** 24, 2, 0, 0],
  ]);
  const evt2 = raw('% evt 2.0\n', words(4, 0x8fffffff, 0x1fc00000, 0x80000000, 0x00000803));
  assert.equal(read(evt2), [
    [2 ** 34 - 1, 0, 0, 1],
    [2 ** 34, 1, 3, 0],
  ]);
  const dat = raw('% Version 2\n', Buffer.concat([Buffer.of(0, 8), words(4, 2 ** 32 - 1, 1, 0, 2)]));
  assert.equal(read(dat), [
    [2 ** 32 - 1, 1, 0, 0],
    [2 ** 32, 2, 0, 0],
  ]);
});

test('vectors of EVT 3, newer headers, and what comes before the first time', () => {
  const head = '% format EVT3;height=720;width=1280\n% end\n';
  const found = readEvents(
    raw(head, words(2, 0x2001, 0x8001, 0x6002, 0x0005, 0x3810, 0x4801, 0x5003, 0xa000)),
    'f.raw',
  ).events;
  assert.equal([found.width, found.height, found.skipped], [1280, 720, 2]);
  assert.equal(
    rowsOf(found).map(([t, x, y, p]) => [t - 4098, x, y, p]),
    [
      [0, 16, 5, 1],
      [0, 27, 5, 1],
      [0, 28, 5, 1],
      [0, 29, 5, 1],
    ],
  );
  // The first word of data looks like the begin of one more line.
  const marked = raw('% evt 2.0\n', words(4, 0x80000025, 0x00000a01));
  assert.equal(read(marked), [[0x25 * 64, 1, 513, 0]]);
});

test('XXH32 is that of its specification', () => {
  const known = {
    '': 0x02cc5d05,
    a: 0x550d7456,
    abc: 0x32d153ff,
    'Nobody inspects the spammish repetition': 0xe2293b2f,
  };
  for (const [text, hash] of Object.entries(known)) assert.is(xxh32(Buffer.from(text)), hash, text);
});

test('packets of LZ4: stored, literals, matches that overlap themselves', () => {
  assert.equal(
    read(aedat4(someEvents, 1, (packet) => frame(Buffer.from(packet), { stored: true }))),
    someEvents,
  );
  const literals = (packet: Uint8Array) => {
    const more = packet.length - 15;
    return Buffer.concat([
      Buffer.of(0xf0),
      Buffer.alloc(Math.floor(more / 255), 255),
      Buffer.of(more % 255),
      packet,
    ]);
  };
  assert.equal(read(aedat4(someEvents, 1, (packet) => frame(literals(packet)))), someEvents);
  // 500 equal events: 48 bytes of literals, then the last 16 of them again and again.
  const equal: Row[] = Array.from({ length: 500 }, () => [7, 1, 2, 1]);
  const repeated = (packet: Uint8Array) => {
    const rest = packet.length - 48 - 4 - 15 - 5;
    return Buffer.concat([
      ...[Buffer.of(0xff, 48 - 15), packet.subarray(0, 48), Buffer.of(16, 0)],
      ...[
        Buffer.alloc(Math.floor(rest / 255), 255),
        Buffer.of(rest % 255),
        Buffer.of(0x50),
        packet.subarray(-5),
      ],
    ]);
  };
  assert.equal(read(aedat4(equal, 2, (packet) => frame(repeated(packet)))), equal);
  const bad: [RegExp, (packet: Uint8Array) => Uint8Array][] = [
    [/damaged head/, (packet) => frame(literals(packet), { damage: 1 })],
    [/does not begin as a frame/, (packet) => packet],
    [/cut short/, (packet) => frame(literals(packet)).subarray(0, 99)],
    [/repeats what it does not hold/, () => frame(Buffer.of(0x10, 1, 2, 0, 0))],
    [
      /more than 67108864 bytes/,
      () => frame(Buffer.concat([Buffer.of(0x1f, 1, 1, 0), Buffer.alloc(300_000, 255), Buffer.of(0)])),
    ],
  ];
  for (const [why, pack] of bad) refusedFor(why, () => read(aedat4(someEvents, 1, pack)));
});

const packed =
  (program: string, ...flags: string[]) =>
  (packet: Uint8Array) =>
    new Uint8Array(
      execFileSync(program, [...flags, '-c'], { input: packet, stdio: ['pipe', 'pipe', 'pipe'] }),
    );

(await testWith([lz4]))('packets that lz4 has packed are read, with every checksum it knows', () => {
  const flags = [[], ['-9'], ['-BX'], ['-BD'], ['--no-frame-crc'], ['--content-size'], ['-B4', '-BX', '-BD']];
  for (const flag of flags)
    assert.equal(read(aedat4(someEvents, 1, packed('lz4', ...flag))), someEvents, flag.join(' '));
  const damaged = (packet: Uint8Array) => {
    const whole = packed('lz4')(packet);
    whole[whole.length - 1]! ^= 1;
    return whole;
  };
  refusedFor(/wrong checksum/, () => read(aedat4(someEvents, 1, damaged)));
});

(await testWith([zstd]))('packets of zstd are read where Node can, else refused by name', () => {
  const bytes = aedat4(someEvents, 3, packed('zstd'));
  if ('zstdDecompressSync' in zlib) assert.equal(read(bytes), someEvents);
  else refusedFor(/zstd, which this Node cannot unpack/, () => read(bytes));
});

const column = (type: string, ...values: number[]) => {
  const data = type === '<f8' ? Float64Array.from(values) : Int32Array.from(values);
  return npy(headerOf(`'${type}'`, `(${values.length},)`), new Uint8Array(data.buffer));
};

test('arrays of t, x, y, p: fields, an archive, columns that are stated', () => {
  const fields = npy(
    headerOf("[('timestamp', '<i4'), ('x', '|u1'), ('y', '|u1'), ('polarity', '|b1')]", '(2,)'),
    Uint8Array.of(5, 0, 0, 0, 1, 2, 1, 6, 0, 0, 0, 3, 4, 0),
  );
  const wanted: Row[] = [
    [5, 1, 2, 1],
    [6, 3, 4, 0],
  ];
  assert.equal(read(fields), wanted);
  assert.equal(read(zip([['events.npy', fields]])), wanted);
  const archive = (t: Uint8Array) =>
    zip([
      ['t.npy', t],
      ['x.npy', column('<i4', 1, 3)],
      ['y.npy', column('<i4', 2, 4)],
      ['p.npy', column('<i4', 1, -1)],
    ]);
  assert.equal(read(archive(column('<i4', 5, 6))), wanted);
  assert.equal(read(archive(column('<f8', 5e-6, 6e-6)), 'f', { unit: 's' }), wanted);
  refusedFor(/times have fractions, and their unit is not said/, () => read(archive(column('<f8', 0.5, 1))));
  const matrix = npy(
    headerOf("'<i4'", '(2, 4)'),
    new Uint8Array(Int32Array.of(1, 2, 1, 5, 3, 4, 0, 6).buffer),
  );
  assert.equal(read(matrix, 'f', { columns: 'xypt', unit: 'ms' }), [
    [5000, 1, 2, 1],
    [6000, 3, 4, 0],
  ]);
  refusedFor(/does not say which column is which/, () => read(matrix));
  refusedFor(/'xyzt' does not say/, () => read(matrix, 'f', { columns: 'xyzt' }));
  refusedFor(/p of event 0 is 5/, () => read(matrix, 'f', { columns: 'txyp' }));
  refusedFor(/it has no y/, () =>
    read(
      zip([
        ['t.npy', column('<i4', 1)],
        ['x.npy', column('<i4', 1)],
      ]),
    ),
  );
});

const bad: [string, string, Uint8Array, RegExp][] = [
  ['nothing', 'f.bin', new Uint8Array(), /not a recording of events: it is empty/],
  ['a picture', 'f.bin', Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), /PNG image/],
  ['HDF5', 'f.h5', Buffer.from('\x89HDF\r\n\x1a\n and more', 'latin1'), /it is HDF5/],
  ['a part of an event', 'f.bin', new Uint8Array(7), /ends within a record: 2 of 5/],
  ['only overflows', 'f.bin', Uint8Array.of(0, 240, 0, 0, 0), /no events/],
  [
    'another camera',
    'f',
    Buffer.from('#!AER-DAT2.0\r\n# AEChip: eu.seebetter.Davis346\r\n'),
    /of AEDAT 2 only the DVS128/,
  ],
  [
    'addresses of another camera',
    'f',
    raw('#!AER-DAT2.0\r\n', words(4, 0x00000040, 0)),
    /0x40000000, is not an address of a DVS128/,
  ],
  [
    'AEDAT 3 without an end',
    'f',
    Buffer.from('#!AER-DAT3.1\r\n#Format: RAW\r\n'),
    /does not end in #!END-HEADER/,
  ],
  [
    'packets larger than the file',
    'f',
    raw('#!AER-DAT3.1\r\n#!END-HEADER\r\n', words(4, 1, 8, 4, 0, 2 ** 31, 1, 1)),
    /announces 1 of 2147483648/,
  ],
  ['EVT 2.1', 'f', raw('% evt 2.1\n% end\n', words(4, 0, 0)), /it is EVT 2\.1/],
  ['a .dat of others', 'f', raw('% Version 2\n', Buffer.of(14, 8)), /events of type 14, not CD/],
  [
    'outside the sensor',
    'f',
    raw('% evt 3.0\n% geometry 4x4\n', words(2, 0x8000, 0x2004)),
    /column 4, row 0 of a sensor of 4x4/,
  ],
  [
    'two cameras',
    'f',
    Buffer.concat([aedat4(someEvents, 0, (p) => p), aedat4(someEvents, 0, (p) => p, 1).subarray(58)]),
    /streams 0 and 1/,
  ],
  ['an unknown compression', 'f', aedat4(someEvents, 9, (p) => p), /in way 9/],
];
for (const [what, name, bytes, why] of bad)
  test(`refused: ${what}`, () => refusedFor(why, () => read(bytes, name)));

test('a format is not taken for another', () => {
  const made = [
    aedat4(someEvents, 0, (p) => p),
    raw('% evt 3.0\n', words(2, 0x8000, 0x2004)),
    raw('% Version 2\n', Buffer.of(0, 8)),
  ];
  for (const bytes of made) {
    const start = Buffer.from(bytes).toString('latin1');
    assert.is(eventFormats.filter(({ is }) => is(start, 'f')).length, 1);
  }
});

test.run();
