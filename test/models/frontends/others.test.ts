import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  centreCrop,
  checkFrontEnd,
  describeFrontEnd,
  type EventParameters,
  type Events,
  eventFrames,
  eventsOf,
  type FrontEnd,
  type FrontEndKind,
  frontEndShape,
  frontEndState,
  frontEnds,
  logmelFrontEnd,
  type Resize,
  runFrontEnd,
  streamFrontEnd,
  type WindowParameters,
  windowMultiplier,
} from '../../../models/frontends/index.js';
import { product, splitOf, type Tensor } from '../../../models/index.js';
import { eventVectors, frontEndVectors, joined, noise, valuesOf, vectors } from '../../support/frontends.js';
import { testWith } from '../../support/skip.js';

const withVectors = await testWith([frontEndVectors]);
const withEvents = await testWith([eventVectors]);

const windows = (parameters: Partial<WindowParameters> = {}): FrontEnd => ({
  kind: 'window',
  parameters: {
    ...{ rate: 50, channels: 1, smoothing: 5, shift: 1, window: 3, stride: 1 },
    outputs: [{ channel: 0, take: 'raw', multiplier: 2 }],
    ...parameters,
  },
  tables: {},
});

withVectors('window: the reference windows of six channels, whole and in pieces', () => {
  const tensors = vectors('frontends/imu');
  const samples = valuesOf<Int16Array>(tensors, 'samples');
  const outputs = [...valuesOf<Int16Array>(tensors, 'multiplier')].map((multiplier, channel) => ({
    ...{ channel, multiplier },
    take: 'highpass' as const,
  }));
  const frontEnd = windows({ channels: 6, outputs, shift: 14, window: 128, stride: 64 });
  checkFrontEnd(frontEnd);
  const wanted = Uint8Array.from(valuesOf<Int8Array>(tensors, 'windows'), (value) => value + 128);
  assert.equal(frontEndShape(frontEnd), [128, 1, 6]);
  assert.equal(joined(runFrontEnd(frontEnd, samples)), wanted);
  for (const piece of [1, 5, 37, 160, 1000, samples.length]) {
    const stream = streamFrontEnd(frontEnd);
    const images: Uint8Array[] = [];
    for (let at = 0; at < samples.length; at += piece)
      images.push(...stream.push(samples.subarray(at, at + piece)));
    assert.equal(joined([...images, ...stream.end()]), wanted, `pieces of ${piece}`);
  }
  // Gravity itself: the low-pass, and what is left of the signal without it.
  const gravity = valuesOf<Int16Array>(tensors, 'gravity');
  const at = windows({
    ...{ channels: 6, window: 1, shift: 14 },
    outputs: [{ channel: 0, take: 'lowpass', multiplier: 128 }],
  });
  const low = joined(runFrontEnd(at, samples));
  low.forEach((value, t) => {
    assert.is(value - 128, Math.max(-128, Math.min(127, (gravity[6 * t]! * 128 + 8192) >> 14)));
  });
});

test('window: literal values of every output', () => {
  const take = (take: WindowParameters['outputs'][number]['take'], multiplier = 2) =>
    [
      ...runFrontEnd(
        windows({ outputs: [{ channel: 0, take, multiplier }], window: 4, smoothing: 1 }),
        Int16Array.of(10, 20, -30, 300),
      )[0]!,
    ].map((value) => value - 128);
  assert.equal(take('raw'), [10, 20, -30, 127]);
  assert.equal(take('raw', -1), [-5, -10, 15, -128]);
  assert.equal(take('difference'), [0, 10, -50, 127]);
  assert.equal(take('lowpass'), [10, 15, -7, 127]);
  assert.equal(take('highpass'), [0, 5, -23, 127]);
  assert.equal(runFrontEnd(windows(), Int16Array.of(1, 2)), []);
  assert.is(windowMultiplier(12700, 14), 164);
  assert.is(windowMultiplier(0, 14), 16384);
});

const frames = (parameters: Partial<EventParameters> = {}): FrontEnd & { kind: 'events' } => ({
  kind: 'events',
  parameters: {
    ...{ sensor: [4, 4], size: [2, 2], polarity: 'separate', frames: 1, stride: 1, most: 255 },
    per: { us: 10, from: 'first' },
    ...parameters,
  },
  tables: {},
});

/** tonic's frames, [frame][polarity][row][column], in our order. */
function tonic({ shape, data }: Tensor): Uint8Array[] {
  const [count, channels, rows, columns] = shape as [number, number, number, number];
  const places = rows * columns;
  return Array.from({ length: count }, (_, f) =>
    Uint8Array.from(
      { length: channels * places },
      (_, i) => data[(f * channels + (i % channels)) * places + Math.floor(i / channels)] as number,
    ),
  );
}

withEvents("events: tonic's frames by time and by number, of the same events", () => {
  const tensors = vectors('events/io');
  const events = eventsOf(valuesOf<Int32Array>(tensors, 'events128'));
  const count = events.t.length;
  const [first, last] = [events.t[0]!, events.t[count - 1]!];
  const at = (per: EventParameters['per'], incomplete: boolean) =>
    eventFrames(frames({ sensor: [128, 128], size: [128, 128], per }).parameters, events, incomplete);
  const from = 'first' as const;
  const cases: [string, Uint8Array[]][] = [
    ['window-50000', at({ us: 50000, from }, false)],
    ['window-50000-incomplete', at({ us: 50000, from }, true)],
    ['window-50000-from-0', at({ us: 50000, from: 'zero' }, false)],
    ['bins-16', at({ us: Math.floor((last - first) / 16), from }, false)],
    ['count-500', at({ events: 500 }, false)],
    ['count-500-incomplete', at({ events: 500 }, true)],
    ['eventbins-16', at({ events: Math.floor(count / 16) }, false)],
  ];
  for (const [name, found] of cases) {
    const wanted = tonic(tensors.get(`tonic/${name}`)!);
    assert.is(found.length, wanted.length, name);
    found.forEach((frame, i) => {
      assert.equal(frame, wanted[i], `${name}, frame ${i}`);
    });
  }
});

withEvents('events: a stream in pieces equals the recording, images of several frames included', () => {
  const tensors = vectors('events/io');
  const rows = valuesOf<Int32Array>(tensors, 'events34');
  for (const parameters of [
    { per: { us: 5000, from: 'first' as const }, frames: 8, stride: 3 },
    { per: { events: 50 }, frames: 4, polarity: 'merged' as const, most: 3 },
    { per: { us: 5000, from: 'zero' as const }, frames: 2, decay: 1 },
  ]) {
    const frontEnd = frames({ sensor: [34, 34], size: [16, 17], ...parameters });
    checkFrontEnd(frontEnd);
    const wanted = joined(runFrontEnd(frontEnd, eventsOf(rows)));
    assert.is(wanted.length % product(frontEndShape(frontEnd)), 0);
    assert.ok(wanted.length > product(frontEndShape(frontEnd)));
    for (const piece of [1, 37, 1000]) {
      const stream = streamFrontEnd(frontEnd);
      const images: Uint8Array[] = [];
      for (let at = 0; at < rows.length; at += 4 * piece)
        images.push(...stream.push(eventsOf(rows.subarray(at, at + 4 * piece))));
      assert.equal(joined([...images, ...stream.end()]), wanted, `pieces of ${piece}`);
    }
  }
});

const few: Events = eventsOf([100, 0, 0, 0, 105, 3, 3, 1, 109, 1, 1, 0, 110, 0, 3, 1, 145, 2, 1, 1]);

test('events: literal frames, half-open in time, with empty ones', () => {
  const at = (parameters: Partial<EventParameters>, events = few) =>
    runFrontEnd(frames(parameters), events).map((image) => [...image].join(''));
  // [row][column][OFF, ON]: (0, 0) and (1, 1) fall on one place of 2x2.
  assert.equal(at({}), ['20000001', '00000100', '00000000', '00000000']);
  assert.equal(at({ most: 1 })[0], '10000001');
  assert.equal(at({ polarity: 'merged' }).slice(0, 2), ['2001', '0010']);
  assert.equal(at({ per: { events: 2 } }), ['10000001', '10000100']);
  // Of two frames as channels: frame 0 OFF, ON, frame 1 OFF, ON.
  assert.equal(at({ frames: 2, stride: 2 }), ['2000000000010100', '0000000000000000']);
  assert.equal(at({ per: { us: 1000, from: 'first' } }), ['20010101'], 'a short recording gives one image');
  assert.equal(at({ decay: 1 }), ['20000001', '10000100', '00000000', '00000000']);
  assert.equal(at({}, eventsOf([])), ['00000000']);
});

test('events: what no camera sends is refused, with its place', () => {
  const refused = (rows: number[], message: RegExp, parameters = {}) =>
    assert.throws(() => runFrontEnd(frames(parameters), eventsOf(rows)), message);
  refused([5, 0, 0, 0, 4, 0, 0, 0], /event 1 is at 4 us, after one at 5 us/);
  refused([5, 4, 0, 0], /event 0 must be within 4x4 and of polarity 0 or 1, got x 4, y 0, polarity 0/);
  refused([5, 0, 0, 2], /polarity 2/);
  refused([0, 0, 0, 0, 2 ** 40, 0, 0, 0], /event 1 comes 1099511627776 us after the one before/);
  refused([Number.NaN, 0, 0, 0], /event 0 is at NaN us/);
});

const resized = (parameters: Partial<Resize>, raw: number[]): number[] => {
  const frontEnd: FrontEnd = {
    kind: 'resize',
    parameters: { ...{ source: [2, 4, 1], grey: false, size: [1, 2], method: 'area' }, ...parameters },
    tables: {},
  };
  checkFrontEnd(frontEnd);
  return [...runFrontEnd(frontEnd, Uint8Array.from(raw))[0]!];
};

test('resize: literal values, crops and grey', () => {
  const photo = [0, 10, 20, 255, 4, 6, 21, 255];
  assert.equal(resized({}, photo), [5, 138]);
  assert.equal(resized({ size: [2, 4] }, photo), photo);
  assert.equal(resized({ size: [2, 4], method: 'bilinear' }, photo), photo);
  assert.equal(resized({ crop: [0, 1, 2, 2], size: [1, 1] }, photo), [14]);
  // A third of the middle pixel on each side: (2 * 0 + 30) / 3, (30 + 2 * 90) / 3.
  assert.equal(resized({ source: [1, 3, 1] }, [0, 30, 90]), [10, 70]);
  assert.equal(resized({ source: [1, 2, 1], size: [1, 4], method: 'bilinear' }, [0, 200]), [0, 50, 150, 200]);
  assert.equal(resized({ source: [1, 1, 3], size: [1, 1], grey: true }, [255, 255, 255]), [255]);
  assert.equal(resized({ source: [1, 1, 3], size: [1, 1], grey: true }, [10, 100, 200]), [84]);
  assert.equal(centreCrop([120, 160], [96, 96]), [0, 20, 120, 120]);
  assert.equal(centreCrop([240, 320], [48, 96]), [40, 0, 160, 320]);
});

test('resize: within half of a step of the exact mean, within one of exact bilinear, at many sizes', () => {
  for (const [rows, columns, toRows, toColumns] of [
    [7, 9, 3, 4],
    [28, 28, 5, 28],
    [31, 17, 30, 1],
  ] as const) {
    const photo = [...noise(rows * columns, 32768, rows)].map((value) => (value >> 8) + 128);
    const size: [number, number] = [toRows, toColumns];
    const area = resized({ source: [rows, columns, 1], size }, photo);
    const bilinear = resized({ source: [rows, columns, 1], size, method: 'bilinear' }, photo);
    const at = (r: number, c: number) =>
      photo[Math.min(rows - 1, Math.max(0, r)) * columns + Math.min(columns - 1, Math.max(0, c))]!;
    for (let r = 0; r < toRows; r++)
      for (let c = 0; c < toColumns; c++) {
        let sum = 0;
        const cover = (i: number, at: number, from: number, to: number) =>
          Math.max(0, Math.min(((i + 1) * from) / to, at + 1) - Math.max((i * from) / to, at));
        for (let i = 0; i < rows; i++)
          for (let j = 0; j < columns; j++)
            sum += cover(r, i, rows, toRows) * cover(c, j, columns, toColumns) * at(i, j);
        const mean = (sum * toRows * toColumns) / (rows * columns);
        assert.ok(Math.abs(area[r * toColumns + c]! - mean) <= 0.5 + 1e-9);
        const [y, x] = [((r + 0.5) * rows) / toRows - 0.5, ((c + 0.5) * columns) / toColumns - 0.5];
        const [i, j] = [Math.floor(y), Math.floor(x)];
        const line = (row: number) => at(row, j) * (1 - (x - j)) + at(row, j + 1) * (x - j);
        const exact = line(i) * (1 - (y - i)) + line(i + 1) * (y - i);
        assert.ok(Math.abs(bilinear[r * toColumns + c]! - exact) <= 2.5);
      }
  }
});

const examples: { [K in FrontEndKind]: FrontEnd } = {
  pixels: { kind: 'pixels', parameters: { shape: [2, 3, 1] }, tables: {} },
  resize: {
    kind: 'resize',
    parameters: { source: [4, 4, 3], grey: true, size: [2, 2], method: 'area' },
    tables: {},
  },
  logmel: logmelFrontEnd({ sampleRate: 8000, frames: 4, mean: 5, coefficients: 10 }),
  window: windows(),
  events: frames(),
};

test('every kind: its image has its shape, a silent signal included, and its state and equation are known', () => {
  const silent: { [K in FrontEndKind]: Parameters<typeof runFrontEnd>[1] } = {
    pixels: new Uint8Array(6),
    resize: new Uint8Array(48),
    logmel: new Int16Array(3),
    window: new Int16Array(3),
    events: eventsOf([]),
  };
  for (const kind of Object.keys(frontEnds) as FrontEndKind[]) {
    const frontEnd = examples[kind];
    checkFrontEnd(frontEnd);
    const images = runFrontEnd(frontEnd, silent[kind]);
    assert.equal(
      images.map(({ length }) => length),
      [product(frontEndShape(frontEnd))],
      kind,
    );
    assert.ok(describeFrontEnd(frontEnd).length > 10);
    assert.ok(Object.values(frontEndState(frontEnd)).every((bytes) => Number.isInteger(bytes) && bytes > 0));
  }
  assert.equal(frontEndState(examples.logmel), {
    samples: 512,
    spectrum: 512,
    bands: 160,
    features: 40,
    means: 40,
  });
  assert.throws(() => runFrontEnd(examples.logmel, new Uint8Array(4)), /front end 'logmel': takes i16/);
  assert.throws(() => runFrontEnd(examples.resize, new Uint8Array(4)), /must be 4x4x3 = 48 bytes, got 4/);
});

test('bounds: each parameter, and what several must be together', () => {
  const refused = (frontEnd: unknown, message: RegExp) =>
    assert.throws(() => checkFrontEnd(frontEnd as FrontEnd), message);
  refused({ kind: 'smell', parameters: {}, tables: {} }, /unknown front end 'smell'/);
  refused(windows({ stride: 4 }), /stride must be 1\.\.3, got 4/);
  refused(
    windows({ outputs: [{ channel: 1, take: 'raw', multiplier: 1 }] }),
    /channel of output 0 must be 0\.\.0/,
  );
  refused(
    windows({ outputs: [{ channel: 0, take: 'raw', multiplier: 0 }] }),
    /multiplier of output 0 must not be 0/,
  );
  refused(windows({ shift: 30 }), /front end 'window': shift: /);
  refused({ ...windows(), tables: { hann: new Int32Array(1) } }, /unknown table 'hann'/);
  refused(frames({ size: [5, 2] }), /rows of the image must be 1\.\.4, got 5/);
  refused(frames({ most: 256 }), /most: /);
  refused(
    frames({ sensor: [4096, 4096], size: [4096, 4096], frames: 9 }),
    /at most 134217728 values, got 301989888/,
  );
  refused(
    { ...examples.resize, parameters: { ...examples.resize.parameters, crop: [3, 0, 2, 2] } },
    /crop must be within 4 rows and 4 columns, got 2x2 at 3, 0/,
  );
  refused(
    { ...examples.resize, parameters: { ...examples.resize.parameters, source: [4, 4, 1] } },
    /grey needs 3 channels, got 1/,
  );
  refused(
    { ...examples.resize, parameters: { ...examples.resize.parameters, size: [5, 2] } },
    /rows of the image \(area\) must be 1\.\.4, got 5/,
  );
});

test('recordings become images with the labels of their recordings', () => {
  const frontEnd = windows({ window: 2 });
  const recordings = [
    { raw: Int16Array.of(1, 2, 3), label: 4 },
    { raw: Int16Array.of(5, 6), label: 0 },
  ];
  const plain = (values: ArrayLike<number>) => Array.from(values);
  const all = splitOf(frontEnd, recordings);
  assert.equal([all.count, plain(all.labels), plain(all.of)], [3, [4, 4, 0], [0, 0, 1]]);
  assert.equal(
    plain(all.images),
    [1, 2, 2, 3, 5, 6].map((value) => value + 128),
  );
  const first = splitOf(frontEnd, recordings, { take: 'first' });
  assert.equal([first.count, plain(first.labels), plain(first.of)], [2, [4, 0], [0, 1]]);
  assert.throws(
    () => splitOf(frontEnd, [...recordings, { raw: Int16Array.of(1), label: 0 }]),
    "recording 2 is too short for an image of the front end 'window'",
  );
  assert.throws(() => splitOf(frontEnd, recordings, { most: 5 }), 'take more than 5 bytes');
});

test('tables: one that is missing, of another length or with a wrong value is refused', () => {
  const { tables } = examples.logmel;
  for (const name of Object.keys(tables)) {
    const { [name]: table, ...others } = tables as Record<string, Int32Array>;
    const check = (changed: Record<string, Int32Array>) => () =>
      checkFrontEnd({ ...examples.logmel, tables: changed } as FrontEnd);
    assert.throws(check(others), new RegExp(`table '${name}' must hold ${table!.length} values, got none`));
    assert.throws(check({ ...tables, [name]: table!.slice(1) }), /must hold/);
    for (let i = 0; i < table!.length; i += 7) {
      const wrong = table!.slice();
      wrong[i] = wrong[i]! + 5000;
      assert.throws(check({ ...tables, [name]: wrong }), /front end 'logmel': /, `${name}[${i}]`);
    }
  }
  const rounded = (tables['cosine'] as Int32Array).map((value) => Math.max(0, value - 1));
  checkFrontEnd({ ...examples.logmel, tables: { ...tables, cosine: rounded } } as FrontEnd);
});

test.run();
