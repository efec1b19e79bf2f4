import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readFashionMnist } from '../host/data/fashion-mnist.js';
import { idxFiles, parseIdx, readIdxFolder } from '../host/data/idx.js';
import { loadDataset } from '../host/data/index.js';
import { channelStatistics } from '../host/data/statistics.js';
import { SpikeletError } from '../models/index.js';
import { reference } from './needs.js';
import { shared } from './shared.js';
import { testWith } from './skip.js';

let folder = '';
test.before.each(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spikelet-idx-'));
});
test.after.each(() => rm(folder, { recursive: true, force: true }));

function idx(shape: number[], data: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + data.length);
  bytes.set([0, 0, 8, shape.length]);
  shape.forEach((size, i) => {
    new DataView(bytes.buffer).setUint32(4 + 4 * i, size);
  });
  bytes.set(Array.from(data), 4 + 4 * shape.length);
  return bytes;
}

const pixels = (count: number, side = 3) =>
  idx(
    [count, side, side],
    Array.from({ length: count * side * side }, (_, i) => (i * 37) % 256),
  );

/** A good folder of 6 + 4 images 3x3 in 2 classes, with some files replaced (undefined: left out). */
async function fill(replaced: Record<string, Uint8Array | undefined> = {}): Promise<void> {
  const files = {
    [idxFiles.trainImages]: pixels(6),
    [idxFiles.trainLabels]: idx([6], [0, 1, 0, 1, 0, 1]),
    [idxFiles.testImages]: pixels(4),
    [idxFiles.testLabels]: idx([4], [1, 0, 1, 0]),
    ...replaced,
  };
  await mkdir(folder, { recursive: true });
  for (const [name, bytes] of Object.entries(files)) if (bytes) await writeFile(join(folder, name), bytes);
}

async function refusal(run: () => unknown): Promise<SpikeletError> {
  try {
    await run();
  } catch (error) {
    assert.instance(error, SpikeletError, String((error as Error).stack));
    assert.ok((error as SpikeletError).hint, `no hint: ${(error as Error).message}`);
    return error as SpikeletError;
  }
  throw new Error('nothing was refused');
}

(await testWith([reference('data/fashion-mnist')]))(
  'Fashion-MNIST: counts, shape, first labels, statistics',
  async () => {
    const data = await readFashionMnist(shared('data/fashion-mnist')!);
    assert.equal(data.shape, [28, 28, 1]);
    assert.equal([data.train.count, data.test.count], [60000, 10000]);
    assert.equal([...data.train.labels.subarray(0, 5)], [9, 0, 0, 3, 0]);
    assert.equal([...data.test.labels.subarray(0, 5)], [9, 2, 1, 1, 6]);
    const { mean, std } = channelStatistics(data.train.images, 1);
    assert.ok(Math.abs(mean[0]! - data.mean[0]!) < 5e-4, `mean ${mean}`);
    assert.ok(Math.abs(std[0]! - data.std[0]!) < 5e-4, `std ${std}`);
  },
);

test('statistics are those of the definition', () => {
  const images = Uint8Array.of(0, 255, 51, 0, 102, 255);
  const { mean, std } = channelStatistics(images, 2);
  const near = (a: number, b: number) => assert.ok(Math.abs(a - b) < 1e-12, `${a} is not ${b}`);
  near(mean[0]!, 0.2);
  near(mean[1]!, 2 / 3);
  near(std[0]!, Math.sqrt(0.08 / 3));
  near(std[1]!, Math.sqrt(2) / 3);
});

test('plain and gzipped files, with or without .gz, give the same dataset', async () => {
  await fill();
  const plain = await loadDataset(`idx=${folder}`);
  assert.equal(plain.classes, ['0', '1']);
  assert.equal(plain.shape, [3, 3, 1]);
  assert.equal([...plain.train.images.subarray(0, 3)], [0, 37, 74]);
  assert.equal([...plain.train.labels], [0, 1, 0, 1, 0, 1]);
  await fill({ [idxFiles.trainImages]: gzipSync(pixels(6)), [idxFiles.testLabels]: undefined });
  await rm(join(folder, idxFiles.testLabels));
  await writeFile(join(folder, `${idxFiles.testLabels}.gz`), gzipSync(idx([4], [1, 0, 1, 0])));
  assert.equal(await loadDataset(`idx=${folder}`), plain);
});

const bad: [string, Record<string, Uint8Array>, string, RegExp][] = [
  ['truncated', { trainImages: pixels(6).subarray(0, 40) }, 'trainImages', /6 x 3 x 3/],
  ['oversized', { testImages: new Uint8Array([...pixels(4), 0]) }, 'testImages', /4 x 3 x 3.* 37 follow/],
  ['empty file', { trainLabels: new Uint8Array() }, 'trainLabels', /too few/],
  ['header only half there', { trainImages: Uint8Array.of(0, 0, 8, 3, 0) }, 'trainImages', /too few/],
  ['another magic', { trainImages: idx([6], [0, 1, 0, 1, 0, 1]) }, 'trainImages', /begins with 0 0 8 1/],
  ['enormous', { trainImages: idx([2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1], [1]) }, 'trainImages', /can hold/],
  ['zero images', { testImages: idx([0, 3, 3], []) }, 'testImages', /holds nothing/],
  ['zero columns', { testImages: idx([4, 3, 0], []) }, 'testImages', /holds nothing/],
  ['counts differ', { trainLabels: idx([5], [0, 1, 0, 1, 0]) }, 'trainLabels', /5 labels for the 6 images/],
  ['shapes differ', { testImages: pixels(4, 2) }, 'testImages', /\[2,2,1\]/],
  ['an empty class', { trainLabels: idx([6], [0, 1, 0, 1, 0, 3]) }, 'trainLabels', /no image of class 2/],
  ['test label without class', { testLabels: idx([4], [0, 1, 0, 9]) }, 'trainLabels', /8 of 10 classes/],
  [
    'one class',
    { trainLabels: idx([6], [0, 0, 0, 0, 0, 0]), testLabels: idx([4], [0, 0, 0, 0]) },
    'trainLabels',
    /1 class/,
  ],
  ['constant pixels', { trainImages: idx([6, 3, 3], new Uint8Array(54).fill(7)) }, 'trainLabels', /equal/],
  [
    'gzip cut short',
    { trainImages: gzipSync(pixels(6)).subarray(0, 60) },
    'trainImages',
    /gzip: unexpected end/,
  ],
  [
    'gzip of rubbish',
    { trainImages: Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 255, 255) },
    'trainImages',
    /gzip/,
  ],
  [
    'gzip with a wrong sum',
    { trainImages: flipped(gzipSync(pixels(6)), -6) },
    'trainImages',
    /gzip: incorrect data check/,
  ],
  ['gzip holds less', { trainImages: gzipSync(pixels(6).subarray(0, 50)) }, 'trainImages', /and 34 follow/],
  [
    'gzip holds more',
    { trainImages: gzipSync(new Uint8Array([...pixels(6), 1])) },
    'trainImages',
    /and more follow/,
  ],
  ['gzip bomb', { trainImages: gzipSync(new Uint8Array(2 ** 24)) }, 'trainImages', /begins with 0 0 0 0/],
  [
    'gzip bomb behind a header',
    { trainLabels: gzipSync(idx([6], new Uint8Array(2 ** 24))) },
    'trainLabels',
    /and more follow/,
  ],
];

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[copy.length + at]! ^= 1;
  return copy;
}

for (const [name, files, culprit, message] of bad)
  test(`refused with the file's name: ${name}`, async () => {
    const names: Record<string, string> = idxFiles;
    await fill(Object.fromEntries(Object.entries(files).map(([key, bytes]) => [names[key]!, bytes])));
    const error = await refusal(() => loadDataset(`idx=${folder}`));
    assert.match(error.message, message);
    assert.ok(error.message.includes(join(folder, names[culprit]!)), error.message);
  });

test('refused: a label outside given classes', async () => {
  await fill({ [idxFiles.testLabels]: idx([4], [0, 1, 0, 2]) });
  const error = await refusal(() => readIdxFolder(folder, { name: 'two', classes: ['a', 'b'] }));
  assert.match(error.message, /t10k-labels-idx1-ubyte: image 3 has label 2, outside the classes 0\.\.1/);
});

test('refused: no folder, a missing file, a folder in place of a file, a file too large', async () => {
  assert.match((await refusal(() => loadDataset(`idx=${folder}/none`))).message, /holds no train-images/);
  await fill({ [idxFiles.testLabels]: undefined });
  assert.match(
    (await refusal(() => loadDataset(`idx=${folder}`))).message,
    /holds no t10k-labels-idx1-ubyte/,
  );
  await mkdir(join(folder, idxFiles.testLabels));
  assert.match(
    (await refusal(() => loadDataset(`idx=${folder}`))).message,
    /t10k-labels-idx1-ubyte is no file/,
  );
  await truncate(join(folder, idxFiles.trainImages), 2 ** 30 + 1);
  assert.match((await refusal(() => loadDataset(`idx=${folder}`))).message, /1073741825 bytes, the limit/);
});

test('any mutation of an IDX file parses or is refused as SpikeletError', () => {
  const seeds = [pixels(6), idx([6], [0, 1, 2, 3, 4, 5]), gzipSync(pixels(6)), gzipSync(idx([3], [1, 2, 3]))];
  let parsed = 0;
  let refused = 0;
  const edit = fc.record({
    at: fc.nat(99),
    value: fc.nat(255),
    kind: fc.constantFrom('set', 'cut', 'insert'),
  });
  fc.assert(
    fc.property(
      fc.nat(seeds.length - 1),
      fc.constantFrom<1 | 3>(1, 3),
      fc.array(edit, { maxLength: 4 }),
      (which, rank, edits) => {
        const bytes = [...seeds[which]!];
        for (const { at, value, kind } of edits) {
          const place = at % Math.max(1, bytes.length);
          if (kind === 'set') bytes[place] = value;
          else if (kind === 'cut') bytes.splice(place);
          else bytes.splice(place, 0, value);
        }
        try {
          const { shape, data } = parseIdx(Uint8Array.from(bytes), 'mutant', rank);
          assert.is(shape.length, rank);
          assert.is(
            data.length,
            shape.reduce((a, b) => a * b),
          );
          parsed++;
        } catch (error) {
          if (!(error instanceof SpikeletError && error.hint && error.message.startsWith('mutant:')))
            throw error;
          refused++;
        }
      },
    ),
    { numRuns: 12_000, seed: 7 },
  );
  assert.ok(parsed > 1000 && refused > 1000, `${parsed} parsed, ${refused} refused`);
});

test.run();
