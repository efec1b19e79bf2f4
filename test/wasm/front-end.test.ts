import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compileAssemblyScript, signaturesOf } from '../../host/wasm/assemblyscript.js';
import {
  type Events,
  eventsOf,
  type FrontEnd,
  frontEndShape,
  frontEndState,
  logmelFrontEnd,
  runFrontEnd,
} from '../../models/frontends/index.js';
import { product } from '../../models/index.js';
import { frontEndLayer, frontEndRam, frontEndSource, layOutFrontEnd } from '../../wasm/front-end.js';
import {
  eventVectors,
  frontEndVectors,
  joined,
  noise,
  signals,
  valuesOf,
  vectors,
} from '../support/frontends.js';
import { testWith } from '../support/skip.js';

const withVectors = await testWith([frontEndVectors]);
const withEvents = await testWith([eventVectors]);

/** Where the test puts what it writes: below the kernels' memory, which begins at START. */
const TABLE = 1024;
const START = 1 << 18;

type Exports = {
  memory: WebAssembly.Memory;
  frontEndTake: (front: number, ...signal: number[]) => number;
  frontEndRead: (front: number, table: number, to: number) => void;
};

/**
 * A compiled front end; each stream begins as the record says. The pixel table is the identity,
 * [channel][256].
 */
async function compiled(frontEnd: FrontEnd) {
  const layer = frontEndLayer(frontEnd)!;
  const { imports, functions } = frontEndSource(layer, signaturesOf('c'));
  const source = [...imports, functions].join('\n');
  const module = await compileAssemblyScript('frontend.ts', [], source, 'c');
  const { instance } = await WebAssembly.instantiate(module as Uint8Array<ArrayBuffer>, {});
  const { memory, frontEndTake: take, frontEndRead: read } = instance.exports as unknown as Exports;
  const { bytes, record, end } = layOutFrontEnd(layer, START);
  const raw = (end + 15) & ~15;
  const values = product(frontEndShape(frontEnd));
  const out = raw + 65536;
  memory.grow(Math.ceil((out + values) / 65536) - memory.buffer.byteLength / 65536 + 1);
  const view = new Uint8Array(memory.buffer);
  const start = () => {
    view.fill(0xaa, START);
    view.fill(0, START, end);
    view.set(bytes, START);
    for (let i = 0; i < frontEndShape(frontEnd)[2] * 256; i++) view[TABLE + i] = i & 255;
  };
  const due = record + 4 * layer.fields.findIndex(({ name }) => name === 'due');
  const isDue = () => view[due] === 1;
  const image = () => {
    read(record, TABLE, out);
    return view.slice(out, out + values);
  };
  return {
    module,
    /** Images of samples that arrive in pieces of this size; `channels` values to a sample. */
    samples(samples: Int16Array, piece: number, channels = 1): Uint8Array {
      start();
      const images: Uint8Array[] = [];
      for (let at = 0; at + channels <= samples.length; at += piece * channels) {
        const part = samples.subarray(at, at + piece * channels);
        const count = Math.floor(part.length / channels);
        new Int16Array(memory.buffer, raw, part.length).set(part);
        for (let taken = 0; taken < count; ) {
          taken += take(record, raw + 2 * channels * taken, count - taken);
          if (isDue()) images.push(image());
        }
      }
      // Nothing behind the record and its memory is written.
      assert.is(view.subarray(end, raw).filter((byte) => byte !== 0xaa).length, 0);
      return joined(images);
    },
    events({ t, x, y, p }: Events): Uint8Array {
      start();
      const images: Uint8Array[] = [];
      for (let i = 0; i < t.length; ) {
        const taken = take(record, t[i]! % 2 ** 32, x[i]!, y[i]!, p[i]!);
        assert.ok(taken >= 0, `event ${i} is refused`);
        if (isDue()) images.push(image());
        i += taken;
      }
      return joined(images);
    },
    start,
    take: (...signal: number[]) => take(record, ...signal),
  };
}

withVectors(
  'log-mel: the kernel gives the reference bytes of every signal, in pieces of any length',
  async () => {
    const kernels = new Map(
      await Promise.all(
        [8000, 16000].map(
          async (rate) => [rate, await compiled(logmelFrontEnd({ sampleRate: rate, frames: 1 }))] as const,
        ),
      ),
    );
    const all = signals();
    assert.is(all.length, 18);
    for (const { name, rate, tensors } of all) {
      const samples = valuesOf<Int16Array>(tensors, `${name}.samples`);
      const padded = new Int16Array(Math.max(samples.length, rate === 8000 ? 256 : 480));
      padded.set(samples);
      const wanted = valuesOf<Uint8Array>(tensors, `${name}.u8`);
      for (const piece of [1, 37, 160, 1000, padded.length])
        assert.equal(kernels.get(rate)!.samples(padded, piece), wanted, `${name} in pieces of ${piece}`);
    }
  },
);

withVectors('log-mel: MFCC of the reference', async () => {
  const kernel = await compiled(logmelFrontEnd({ sampleRate: 8000, frames: 1, coefficients: 10 }));
  for (const { file, name, tensors } of signals()) {
    if (file !== 'logmel-8k') continue;
    const wanted = valuesOf<Int8Array>(tensors, `${name}.mfcc_i8`);
    const found = kernel.samples(valuesOf<Int16Array>(tensors, `${name}.samples`), 160);
    assert.equal(
      [...found].map((value) => value - 128),
      [...wanted],
      name,
    );
  }
});

test('log-mel: the kernel equals the definition at other sizes, with a mean, strides and both layouts', async () => {
  const samples = noise(6000, 25000, 5);
  samples.fill(0, 2000, 2900);
  samples.set(
    samples.subarray(3000, 4000).map((x) => x >> 9),
    3000,
  );
  for (const options of [
    { frames: 7, stride: 3, mean: 5 },
    { frames: 5, stride: 5, bandsAre: 'channels' as const, mean: 2, coefficients: 6 },
    { frames: 1, window: 33, hop: 7, fft: 64, bands: 5, fmin: 300 },
    { frames: 2, window: 1000, hop: 999, fft: 1024, weightBits: 9 },
    { frames: 1, window: 255, hop: 100, fft: 4096, bands: 32, weightBits: 8 },
    { frames: 3, fmin: 0, fmax: 4000, bands: 10, floor: -3, weightBits: 11 },
  ]) {
    const frontEnd = logmelFrontEnd({ sampleRate: 8000, ...options });
    const wanted = joined(runFrontEnd(frontEnd, samples));
    const kernel = await compiled(frontEnd);
    for (const piece of [113, samples.length])
      assert.equal(kernel.samples(samples, piece), wanted, JSON.stringify(options));
  }
});

test('log-mel: the code has no float, no 64-bit value and no division, and its RAM is what is stated', async () => {
  const frontEnd = logmelFrontEnd({ sampleRate: 8000, frames: 4, mean: 5 });
  const { module } = await compiled(frontEnd);
  const { default: binaryen } = await import('binaryen');
  const read = binaryen.readBinary(module);
  const text = read.emitText();
  read.dispose();
  assert.not.match(text, /\b[if]64\b|\bf32\b|div|rem_/);
  assert.match(text, /i32\.mul/);
  const layer = frontEndLayer(frontEnd)!;
  const stated = Object.values(frontEndState(frontEnd)).reduce((a, b) => a + b, 0);
  assert.is(frontEndRam(layer), 4 * layer.fields.length + stated);
});

withVectors('windows: the kernel gives the reference windows', async () => {
  const tensors = vectors('frontends/imu');
  const outputs = [...valuesOf<Int16Array>(tensors, 'multiplier')].map((multiplier, channel) => ({
    ...{ channel, multiplier },
    take: 'highpass' as const,
  }));
  const kernel = await compiled({
    kind: 'window',
    parameters: { rate: 50, channels: 6, outputs, smoothing: 5, shift: 14, window: 128, stride: 64 },
    tables: {},
  });
  const wanted = Uint8Array.from(valuesOf<Int8Array>(tensors, 'windows'), (value) => value + 128);
  const samples = valuesOf<Int16Array>(tensors, 'samples');
  for (const piece of [1, 37, 600]) assert.equal(kernel.samples(samples, piece, 6), wanted);
});

test('windows: every output of the kernel equals the definition', async () => {
  const takes = ['raw', 'lowpass', 'highpass', 'difference'] as const;
  const frontEnd: FrontEnd = {
    kind: 'window',
    parameters: {
      ...{ rate: 20, channels: 2, smoothing: 3, shift: 12, window: 5, stride: 2 },
      outputs: takes.flatMap((take, i) => [
        { channel: i & 1, take, multiplier: 16384 - i },
        { channel: 1, take, multiplier: -(10 ** i) },
      ]),
    },
    tables: {},
  };
  const samples = noise(200, 32768, 9);
  samples.set([-32768, 32767, 32767, -32768, -32768, 32767], 20);
  const wanted = joined(runFrontEnd(frontEnd, samples));
  assert.is(wanted.length, 40 * 48);
  assert.equal((await compiled(frontEnd)).samples(samples, 7, 2), wanted);
});

withEvents('events: the kernel counts as the definition does', async () => {
  const rows = valuesOf<Int32Array>(vectors('events/io'), 'events34');
  const base = { sensor: [34, 34], polarity: 'separate', most: 255 } as const;
  for (const parameters of [
    { size: [34, 34], per: { us: 50000, from: 'first' }, frames: 1, stride: 1 },
    { size: [17, 16], per: { us: 20000, from: 'first' }, frames: 5, stride: 2, most: 3 },
    { size: [8, 34], per: { events: 77 }, frames: 4, stride: 4, polarity: 'merged' },
    { size: [9, 9], per: { us: 1000, from: 'zero' }, frames: 3, stride: 3, decay: 2 },
    { size: [3, 3], per: { events: 40 }, frames: 1, stride: 1, decay: 0 },
  ] as const) {
    const frontEnd = {
      kind: 'events',
      parameters: { ...base, ...parameters },
      tables: {},
    } as unknown as FrontEnd;
    const images = runFrontEnd(frontEnd, eventsOf(rows));
    assert.ok(images.length > 1);
    assert.equal(
      (await compiled(frontEnd)).events(eventsOf(rows)),
      joined(images),
      JSON.stringify(parameters),
    );
  }
});

test('events: what the kernel refuses, and a clock that wraps', async () => {
  const frontEnd: FrontEnd = {
    kind: 'events',
    parameters: {
      ...{ sensor: [4, 4], size: [4, 4], polarity: 'merged', frames: 1, stride: 1, most: 9 },
      per: { us: 100, from: 'first' },
    },
    tables: {},
  };
  const kernel = await compiled(frontEnd);
  kernel.start();
  assert.is(kernel.take(1000, 4, 0, 0), -1);
  assert.is(kernel.take(1000, 0, -1, 0), -1);
  assert.is(kernel.take(1000, 0, 0, 2), -1);
  assert.is(kernel.take(1000, 0, 0, 1), 1);
  assert.is(kernel.take(999, 0, 0, 1), -1);
  const late = 2 ** 32 - 50;
  const rows = [0, 1, 2, 3].flatMap((i) => [late + 40 * i, i, i, 0]);
  assert.equal(kernel.events(eventsOf(rows)), joined(runFrontEnd(frontEnd, eventsOf(rows))));
});

test('every record has the fields that the kernels read, in their order', () => {
  const source = (file: string) =>
    readFileSync(new URL(`../../../assembly/frontends/${file}.ts`, import.meta.url), 'utf8');
  const fields = (file: string) => {
    const [, body = ''] = /^export class \w+(?: extends FrontEnd)? \{([^}]*)\}/m.exec(source(file)) ?? [];
    return [...body.matchAll(/^ {2}(\w+): (\w+);$/gm)].map(([, name, type]) => ({
      name,
      address: type === 'usize',
    }));
  };
  const examples: FrontEnd[] = [
    logmelFrontEnd({ sampleRate: 8000, frames: 1 }),
    {
      kind: 'window',
      parameters: {
        ...{ rate: 1, channels: 1, smoothing: 1, shift: 1, window: 1, stride: 1 },
        outputs: [{ channel: 0, take: 'raw', multiplier: 1 }],
      },
      tables: {},
    },
    {
      kind: 'events',
      parameters: {
        ...{ sensor: [1, 1], size: [1, 1], polarity: 'merged', frames: 1, stride: 1, most: 1 },
        per: { events: 1 },
      },
      tables: {},
    },
  ];
  for (const frontEnd of examples) {
    const layer = frontEndLayer(frontEnd)!;
    assert.equal(
      [...fields('ring'), ...fields(layer.kernel)],
      layer.fields.map((field) => ({ name: field.name, address: !('value' in field) })),
      frontEnd.kind,
    );
  }
  const pixels = {
    kind: 'pixels' as const,
    parameters: { shape: [1, 1, 1] as [number, number, number] },
    tables: {},
  };
  assert.is(frontEndLayer(pixels), undefined);
  assert.is(frontEndLayer(undefined), undefined);
});

test.run();
