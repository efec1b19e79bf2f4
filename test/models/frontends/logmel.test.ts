import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type FrontEnd,
  frontEndAccuracy,
  logmelFrontEnd,
  runFrontEnd,
  streamFrontEnd,
} from '../../../models/frontends/index.js';
import { logmelErrors, logmelFloat } from '../../../models/frontends/logmel-float.js';
import { frameOf, SILENCE } from '../../../models/frontends/logmel-frame.js';
import { binsOf } from '../../../models/frontends/logmel-tables.js';
import {
  frameByFrame,
  frontEndVectors,
  joined,
  noise,
  signals,
  valuesOf,
  vectors,
} from '../../support/frontends.js';
import { testWith } from '../../support/skip.js';

const withVectors = await testWith([frontEndVectors]);

/** Pieces of a signal, and the images of a stream of them. */
function streamed(frontEnd: FrontEnd, samples: Int16Array, piece: number): Uint8Array {
  const stream = streamFrontEnd(frontEnd);
  const images: Uint8Array[] = [];
  for (let at = 0; at < samples.length; at += piece)
    images.push(...stream.push(samples.subarray(at, at + piece)));
  return joined([...images, ...stream.end()]);
}

withVectors('every table equals the reference tables', () => {
  for (const [file, rate] of [
    ['logmel-8k', 8000],
    ['logmel-16k', 16000],
  ] as const) {
    const tensors = vectors(`frontends/${file}`);
    const frontEnd = frameByFrame(rate, rate === 8000 ? { coefficients: 10 } : {});
    const { parameters, tables } = frontEnd;
    const { window, fft } = parameters;
    const all = (name: string) => [...valuesOf<Int16Array>(tensors, `table.${name}`)];
    const half = tables['window']!;
    assert.equal(
      Array.from({ length: window }, (_, i) => half[Math.min(i, window - i)]!),
      all('window'),
    );
    assert.equal([...tables['cosine']!], all('cos').slice(0, fft / 4 + 1));
    for (const name of ['segment', 'rise', 'log2']) assert.equal([...tables[name]!], all(name), name);
    if (rate === 8000) {
      assert.equal([...tables['dct']!], all('dct'));
      assert.equal([...tables['dctShift']!], all('dct_shift'));
    }
  }
});

withVectors('every integer of a frame on the way equals the reference', () => {
  for (const [file, rate] of [
    ['logmel-8k', 8000],
    ['logmel-16k', 16000],
  ] as const) {
    const tensors = vectors(`frontends/${file}`);
    const { parameters, tables } = frameByFrame(rate);
    const name = rate === 8000 ? '3_jackson_7' : 'bursts';
    const index = valuesOf<Int32Array>(tensors, 'frame.index')[0]!;
    const samples = valuesOf<Int16Array>(tensors, `${name}.samples`);
    const frame = frameOf(parameters, tables)(samples, index * parameters.hop);
    const { first, end } = binsOf(parameters);
    assert.equal([...frame.windowed], [...valuesOf<Int16Array>(tensors, 'frame.windowed')]);
    assert.equal([frame.shift, frame.exponent], [...valuesOf<Int32Array>(tensors, 'frame.shift_exponent')]);
    for (const part of ['re', 'im', 'energy'] as const)
      assert.equal(
        [...frame[part].subarray(first, end)],
        [...valuesOf<Int32Array>(tensors, `frame.${part}`).subarray(first, end)],
        part,
      );
  }
});

withVectors(
  'logarithms and bytes of all signals equal the reference, and a stream in pieces equals the clip',
  () => {
    const all = signals();
    assert.is(all.length, 18);
    for (const { name, rate, tensors } of all) {
      const frontEnd = frameByFrame(rate);
      const { parameters, tables } = frontEnd;
      const samples = valuesOf<Int16Array>(tensors, `${name}.samples`);
      const padded = samples.length < parameters.window ? new Int16Array(parameters.window) : samples;
      padded.set(samples);
      const wanted = valuesOf<Int32Array>(tensors, `${name}.log2_q15`);
      const frame = frameOf(parameters, tables);
      for (let t = 0; t < wanted.length / parameters.bands; t++)
        assert.equal(
          [...frame(padded, t * parameters.hop).log2],
          [...wanted.subarray(t * parameters.bands, (t + 1) * parameters.bands)],
          `${name}, frame ${t}`,
        );
      const bytes = valuesOf<Uint8Array>(tensors, `${name}.u8`);
      assert.equal(joined(runFrontEnd(frontEnd, samples)), bytes, name);
      for (const piece of [1, 37, 160, 1000, samples.length])
        assert.equal(streamed(frontEnd, samples, piece), bytes, `${name} in pieces of ${piece}`);
      if (!tensors.has(`${name}.mfcc_i8`)) continue;
      assert.equal(
        joined(runFrontEnd(frameByFrame(rate, { coefficients: 10 }), samples)).map((v) => v ^ 128),
        new Uint8Array(valuesOf<Int8Array>(tensors, `${name}.mfcc_i8`).slice().buffer),
        `${name}, MFCC`,
      );
    }
  },
);

type FrontEndOf = ReturnType<typeof frameByFrame>['parameters'];

function errorsOf(samples: Int16Array, rate: number): number[] {
  const { parameters, tables } = frameByFrame(rate);
  return logmelErrors(parameters, tables, samples);
}

const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;

test('the integers are near the definition in float64: noise, 0.03 dB at most', () => {
  for (const [rate, peak] of [
    [8000, 30000],
    [8000, 100],
    [16000, 3000],
  ] as const) {
    const errors = errorsOf(noise(1200, peak), rate);
    assert.ok(errors.length >= 80);
    assert.ok(Math.max(...errors) <= 0.03, `${rate} Hz, peak ${peak}: ${Math.max(...errors)} dB`);
    assert.ok(mean(errors) <= 0.004, `${rate} Hz, peak ${peak}: ${mean(errors)} dB`);
  }
});

withVectors('speech: 0.0033 dB from float64 on average, 0.12 at most', () => {
  const errors = signals()
    .filter(({ file }) => file === 'logmel-8k')
    .flatMap(({ name, tensors }) => {
      const samples = valuesOf<Int16Array>(tensors, `${name}.samples`);
      const stated = valuesOf<Float64Array>(tensors, `${name}.log2_float64`);
      const own = logmelFloat(frameByFrame(8000).parameters, samples).flatMap((bands) => [...bands]);
      assert.ok(Math.max(...own.map((value, i) => Math.abs(value - stated[i]!))) < 1e-9, name);
      return errorsOf(samples, 8000);
    });
  assert.ok(mean(errors) <= 0.0034 && Math.max(...errors) <= 0.12);
});

test('the accuracy that quantize prints, and none where the integers are the definition', () => {
  const { mean: average, most, ...others } = frontEndAccuracy(frameByFrame(8000))!;
  assert.equal(others, { signal: 'noise', unit: 'dB' });
  assert.ok(average > 0.0002 && average < 0.001 && most > average && most < 0.005, `${average}, ${most}`);
  const shape: [number, number, number] = [1, 1, 1];
  assert.is(frontEndAccuracy({ kind: 'pixels', parameters: { shape }, tables: {} }), undefined);
});

test('silence is 0, an empty band has no logarithm, and padding with zeros is silence', () => {
  const frontEnd = logmelFrontEnd({ sampleRate: 8000, frames: 4 });
  const { parameters, tables } = frontEnd;
  assert.equal([...frameOf(parameters, tables)(new Int16Array(256), 0).log2], new Array(20).fill(SILENCE));
  assert.equal(runFrontEnd(frontEnd, new Int16Array(0)), [new Uint8Array(80)]);
  const short = noise(256, 20000);
  const [image] = runFrontEnd(frontEnd, short);
  assert.equal([...image!.subarray(40)], new Array(40).fill(0));
  assert.ok(image!.subarray(0, 40).every((value) => value > 0));
});

test('literal values: noise at both rates, with mean and MFCC', () => {
  const last = (options: Partial<FrontEndOf>, rate = 8000, peak = 12000) =>
    [...runFrontEnd(frameByFrame(rate, options), noise(900, peak)).at(-1)!].join(' ');
  assert.is(last({}), '176 174 185 184 177 176 184 191 185 189 192 190 190 202 203 198 194 207 209 210');
  assert.is(
    last({}, 16000, 50),
    '35 50 52 50 46 49 37 50 56 56 63 57 48 47 52 44 44 59 57 55 59 61 63 65 66 59 59 64 68 62 62 67 59 60 74 65 63 74 73 66',
  );
  assert.is(
    last({ mean: 5 }),
    '120 118 133 131 125 118 126 128 112 120 125 117 120 128 127 126 118 132 132 132',
  );
  assert.is(last({ coefficients: 10 }), '167 110 132 125 130 123 132 110 122 127');
  assert.is(last({ mean: 2, coefficients: 4, weightBits: 8 }), '126 123 132 126');
});

test('images of several frames: every stride, equal in pieces, bands as columns or channels', () => {
  const samples = noise(5000, 9000, 7);
  for (const options of [{}, { mean: 4 }, { mean: 3, coefficients: 5 }]) {
    const frames = runFrontEnd(frameByFrame(8000, options), samples);
    const frontEnd = logmelFrontEnd({ sampleRate: 8000, frames: 9, stride: 4, ...options });
    const images = runFrontEnd(frontEnd, samples);
    assert.is(images.length, 1 + Math.floor((frames.length - 9) / 4));
    images.forEach((image, i) => {
      assert.equal(image, joined(frames.slice(4 * i, 4 * i + 9)));
    });
    for (const piece of [1, 37, 128, 5000])
      assert.equal(streamed(frontEnd, samples, piece), joined(images), `pieces of ${piece}`);
  }
});

test('the causal mean forgets the level of a microphone', () => {
  const loud = noise(8000, 20000, 3);
  const quiet = loud.map((x) => x >> 3);
  const image = (samples: Int16Array, options: object) =>
    joined(runFrontEnd(frameByFrame(8000, options), samples)).slice(-200);
  const distance = (options: object) => {
    const [a, b] = [image(loud, options), image(quiet, options)];
    return mean([...a].map((value, i) => Math.abs(value - b[i]!)));
  };
  assert.ok(distance({}) > 40);
  assert.ok(distance({ mean: 3 }) < 2);
});

test('parameters that do not fit are refused, with what must be what', () => {
  const refused = (options: object, message: RegExp) =>
    assert.throws(() => logmelFrontEnd({ sampleRate: 8000, frames: 1, ...options }), message);
  refused(
    { sampleRate: 11025 },
    /11025 Hz has no preset: window, hop, bands, fmin, fmax, floor must be given/,
  );
  refused({ window: 300, fft: 256 }, /window must be 2\.\.256, got 300/);
  refused({ hop: 300 }, /hop must be 1\.\.256, got 300/);
  refused({ fft: 300 }, /fft must be a power of two, got 300/);
  refused({ fmax: 4001 }, /fmax must be 101\.\.4000, got 4001/);
  refused({ fmin: 3990, fmax: 3995 }, /no FFT bin is between 3990 and 3995 Hz/);
  refused({ bands: 60 }, /no FFT bin is between the edges 0 and 1 of 60 mel bands/);
  refused({ coefficients: 21 }, /coefficients must be 1\.\.20, got 21/);
  refused({ fft: 4096, bands: 2 }, /the weights of mel band \d sum to \d+, must be at most 65535/);
  logmelFrontEnd({ sampleRate: 8000, frames: 1, fft: 1024, bands: 2, weightBits: 8 });
  logmelFrontEnd({ sampleRate: 8000, frames: 1, bands: 32 });
});

test.run();
