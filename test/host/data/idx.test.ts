import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readFashionMnist } from '../../../host/data/fashion-mnist.js';
import { parseIdx, readIdx, readIdxFolder } from '../../../host/data/idx.js';
import { idxFiles } from '../../../host/data/idx-files.js';
import { loadDataset } from '../../../host/data/index.js';
import { channelStatistics } from '../../../host/data/statistics.js';
import { SpikeletError } from '../../../models/index.js';
import { reference } from '../../support/needs.js';
import { shared } from '../../support/shared.js';
import { testWith } from '../../support/skip.js';

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
  bytes.set(data, 4 + 4 * shape.length);
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
  ['zero images', { testImages: idx([0, 3, 3], []) }, 'testImages', /so it is empty/],
  ['zero columns', { testImages: idx([4, 3, 0], []) }, 'testImages', /so it is empty/],
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
  ['gzip holds less', { trainImages: gzipSync(pixels(6).subarray(0, 50)) }, 'trainImages', /but 34 follow/],
  [
    'gzip holds more',
    { trainImages: gzipSync(new Uint8Array([...pixels(6), 1])) },
    'trainImages',
    /but more follow/,
  ],
  ['gzip bomb', { trainImages: gzipSync(new Uint8Array(2 ** 24)) }, 'trainImages', /begins with 0 0 0 0/],
  [
    'gzip bomb behind a header',
    { trainLabels: gzipSync(idx([6], new Uint8Array(2 ** 24))) },
    'trainLabels',
    /but more follow/,
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
    /t10k-labels-idx1-ubyte is not a regular file/,
  );
  await truncate(join(folder, idxFiles.trainImages), 2 ** 30 + 1);
  assert.match((await refusal(() => loadDataset(`idx=${folder}`))).message, /1073741825 bytes, the limit/);
});

/** The four files of a good set under other names; `first` is its smallest label. */
async function fillAs(
  name: (part: 'train' | 'test', kind: 'images' | 'labels') => string,
  first = 0,
): Promise<void> {
  for (const [part, count] of [
    ['train', 6],
    ['test', 4],
  ] as const) {
    await writeFile(join(folder, name(part, 'images')), pixels(count));
    const labels = Array.from({ length: count }, (_, i) => first + (i % 2));
    await writeFile(join(folder, name(part, 'labels')), idx([count], labels));
  }
}

const rank = { images: 3, labels: 1 };

test('files are found with dots, underscores, capitals, a name before them and test for t10k', async () => {
  const names: ((part: string, kind: 'images' | 'labels') => string)[] = [
    (part, kind) => `${part === 'test' ? 't10k' : part}-${kind}.idx${rank[kind]}-ubyte`,
    (part, kind) => `${part}_${kind}_idx${rank[kind]}_ubyte`,
    (part, kind) => `${part}-${kind}.idx${rank[kind]}`,
    (part, kind) => `emnist-digits-${part}-${kind}-idx${rank[kind]}-ubyte.gz`,
    (part, kind) => `${part}-${kind}`,
    (part, kind) => `mine-${part}-${kind}.idx`,
    (part, kind) => `${part}_${kind}.idx.gz`,
    (part, kind) => `My Set ${part.toUpperCase()}-${kind}-idx${rank[kind]}-ubyte`,
  ];
  await fill({ [idxFiles.testLabels]: idx([4], [0, 1, 0, 1]) });
  const wanted = await loadDataset(`idx=${folder}`);
  for (const name of names) {
    await rm(folder, { recursive: true });
    await mkdir(folder);
    await fillAs(name);
    await writeFile(join(folder, `._${name('train', 'images')}`), 'of macOS');
    assert.equal(await loadDataset(`idx=${folder}`), wanted, name('train', 'images'));
  }
});

test('a set that is another by its name is not taken for Fashion-MNIST', async () => {
  const named = (set: string) =>
    fill(
      Object.fromEntries(
        Object.values(idxFiles).flatMap((file) => [
          [file, undefined],
          [
            `${set}-${file}`,
            file.includes('images') ? pixels(10) : idx([10], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
          ],
        ]),
      ),
    );
  await named('emnist-digits');
  assert.match(
    (await refusal(() => readFashionMnist(folder))).message,
    /holds emnist-digits, not fashion-mnist/,
  );
  await rm(folder, { recursive: true });
  await named('fashion-mnist');
  assert.is((await readFashionMnist(folder)).classes[0], 'T-shirt/top');
});

test('what is in place of an IDX file of images is said', async () => {
  for (const [start, what] of [
    ['PK\x03\x04', /a zip archive/],
    ['\n<!DOCTYPE html>', /a web page/],
    ['version https://git-lfs.github.com/spec/v1', /a Git LFS pointer/],
    ['\0\0\x08\x01', /IDX of labels/],
    ['\0\0\x0d\x03', /IDX of floats/],
    ['\0\0\x08\x04', /IDX with 4 dimensions/],
  ] as const) {
    const bytes = Buffer.concat([Buffer.from(start, 'latin1'), new Uint8Array(40)]);
    assert.match((await refusal(() => parseIdx(bytes, 'x', 3))).message, what);
  }
});

test('folders that are called as the files are do not matter', async () => {
  await fillAs((part, kind) => `${part}-${kind}.idx${rank[kind]}-ubyte`);
  await mkdir(join(folder, idxFiles.trainImages));
  await writeFile(join(folder, idxFiles.trainImages, idxFiles.trainImages), 'of the archive');
  assert.is((await loadDataset(`idx=${folder}`)).train.count, 6);
});

test('of several sets one has to be named', async () => {
  for (const set of ['emnist-digits', 'emnist-mnist'])
    await fillAs((part, kind) => `${set}-${part}-${kind}-idx${rank[kind]}-ubyte`);
  await writeFile(join(folder, 'emnist-letters-train-images-idx3-ubyte'), pixels(6));
  const error = await refusal(() => loadDataset(`idx=${folder}`));
  assert.match(error.message, /holds 2 data sets: emnist-digits, emnist-mnist$/);
  assert.ok(error.hint!.includes(`idx=${join(folder, 'emnist-digits')}`), error.hint);
  const lines: string[] = [];
  const data = await loadDataset(`idx=${join(folder, 'emnist-mnist')}`, { log: (line) => lines.push(line) });
  assert.is(data.train.count, 6);
  assert.match(lines.join(), /rows and columns swapped/);
  const letters = await refusal(() => loadDataset(`idx=${join(folder, 'emnist-letters')}`));
  assert.match(
    letters.message,
    /holds no train-labels-idx1-ubyte\[\.gz\]; it holds emnist-digits-test-images/,
  );
});

test('a plain file and its .gz are one, and it is said which is read; any other pair is refused', async () => {
  await fill();
  await writeFile(join(folder, `${idxFiles.trainImages}.gz`), gzipSync(pixels(6, 2)));
  const lines: string[] = [];
  assert.equal((await loadDataset(`idx=${folder}`, { log: (line) => lines.push(line) })).shape, [3, 3, 1]);
  assert.equal(lines, [`${join(folder, idxFiles.trainImages)} is read, not its .gz`]);
  await writeFile(join(folder, 'train-images.idx3-ubyte'), pixels(6));
  const pair = await refusal(() => loadDataset(`idx=${folder}`));
  assert.match(pair.message, /holds train-images-idx3-ubyte and train-images\.idx3-ubyte$/);
});

test('where a file is missing, the error lists the files found', async () => {
  assert.match((await refusal(() => loadDataset(`idx=${folder}`))).message, /; it is empty$/);
  await mkdir(join(folder, 'raw'));
  for (let i = 0; i < 9; i++) await writeFile(join(folder, `a${i}\x1b[2J`), '');
  const { message } = await refusal(() => loadDataset(`idx=${folder}`));
  assert.match(message, /holds no train-images-idx3-ubyte\[\.gz\]; it holds a0.*\[2J, .*, \.\.\. \(10\)$/);
  assert.not.ok(message.includes('\x1b'), message);
  assert.match((await refusal(() => loadDataset(`idx=${folder}/none`))).message, /; no such folder$/);
});

test("EMNIST's letters count from 1 and have names; labels that are not its own are taken as they are", async () => {
  const name = (part: string, kind: 'images' | 'labels') =>
    `emnist-letters-${part}-${kind}-idx${rank[kind]}-ubyte`;
  await fillAs(name, 1);
  assert.match(
    (await refusal(() => loadDataset(`idx=${folder}`))).message,
    /emnist-letters.*no image of class 0/,
  );
  const labels = Array.from({ length: 26 }, (_, i) => 26 - i);
  for (const part of ['train', 'test']) {
    await writeFile(join(folder, name(part, 'images')), pixels(26));
    await writeFile(join(folder, name(part, 'labels')), idx([26], labels));
  }
  const lines: string[] = [];
  const data = await loadDataset(`idx=${folder}`, { log: (line) => lines.push(line) });
  assert.is(data.classes.join(''), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ');
  assert.equal([...data.train.labels].slice(0, 2), [25, 24]);
  assert.match(lines[1]!, /label 1 is class 0, A$/);
});

test('what would take too much memory is refused before it is inflated', async () => {
  const sizes = [2 ** 27, 1, 1];
  const header = idx(sizes, []);
  const zeros = gzipSync(new Uint8Array(2 ** 20), { level: 9 });
  // Gzip files one after the other are one file: its 128 MB pack to 130 KB.
  const bomb = Buffer.concat([gzipSync(header), ...Array.from({ length: 128 }, () => zeros)]);
  await fill({ [idxFiles.trainImages]: bomb });
  const { message } = await refusal(() => loadDataset(`idx=${folder}`));
  assert.match(
    message,
    /announces 134217728 x 1 x 1 bytes, but \d+ gzipped bytes cannot hold that many images$/,
  );
  const large = idx([2 ** 16, 2 ** 8, 2 ** 7], []);
  assert.match((await refusal(() => parseIdx(large, 'plain', 3))).message, /more than the file can hold/);
  assert.match(
    (await refusal(() => parseIdx(pixels(6), 'plain', 3, 60))).message,
    /6 x 3 x 3 bytes, the limit is 60/,
  );
});

/** An IDX file of a type of several bytes. */
const typed = (type: number, shape: number[], data: Buffer): Uint8Array => {
  const bytes = idx(shape, data);
  bytes[2] = type;
  return bytes;
};

test('any of the six types is read, of 1 to 4 dimensions', () => {
  const buffer = Buffer.alloc(16);
  buffer.writeInt16BE(-2, 0);
  buffer.writeInt16BE(300, 2);
  buffer.writeFloatBE(1.5, 4);
  buffer.writeDoubleBE(-2.25, 8);
  const made: [Uint8Array, string, number[]][] = [
    [idx([2, 1], [7, 255]), 'u8', [7, 255]],
    [typed(9, [2], Buffer.of(7, 255)), 'i8', [7, -1]],
    [typed(11, [1, 2, 1], buffer.subarray(0, 4)), 'i16', [-2, 300]],
    [typed(12, [1, 1, 1, 1], buffer.subarray(0, 4)), 'i32', [-130772]],
    [typed(13, [1], buffer.subarray(4, 8)), 'f32', [1.5]],
    [typed(14, [1], buffer.subarray(8)), 'f64', [-2.25]],
  ];
  for (const [bytes, type, values] of made)
    for (const file of [bytes, gzipSync(bytes)]) {
      const array = readIdx(file, 'x');
      assert.equal([array.type, ...array.data], [type, ...values]);
    }
});

test('refused: types, ranks and sizes that no IDX has', async () => {
  const cases: [Uint8Array, RegExp][] = [
    [typed(10, [1], Buffer.of(1)), /begins with 0 0 10 1/],
    [idx([1, 1, 1, 1, 1], [1]), /begins with 0 0 8 5/],
    [typed(14, [2], Buffer.alloc(15)), /2 values of 8 bytes, more than the file can hold/],
    [typed(12, [2], Buffer.alloc(9)), /2 values of 4 bytes, but 9 follow/],
  ];
  for (const [bytes, why] of cases) assert.match((await refusal(() => readIdx(bytes, 'x'))).message, why);
});

test('vectors and several channels, which come first or last', async () => {
  const shaped = async (sizes: number[]) => {
    const size = sizes.reduce((a, b) => a * b, 1);
    const images = (count: number) =>
      idx(
        [count, ...sizes],
        Array.from({ length: count * size }, (_, i) => (i * 37) % 256),
      );
    await fill({ [idxFiles.trainImages]: images(6), [idxFiles.testImages]: images(4) });
    return loadDataset(`idx=${folder}`);
  };
  assert.equal((await shaped([12])).shape, [1, 12, 1]);
  const last = await shaped([6, 5, 3]);
  assert.equal([last.shape, last.mean.length], [[6, 5, 3], 3]);
  assert.equal([...last.train.images.subarray(0, 3)], [0, 37, 74]);
  const first = await shaped([3, 6, 5]);
  assert.equal(first.shape, [6, 5, 3]);
  assert.equal(
    [...first.train.images.subarray(0, 3)],
    [0, 30, 60].map((i) => (i * 37) % 256),
  );
  assert.match(
    (await refusal(() => shaped([3, 5, 3]))).message,
    /the first size or the last could be the channels/,
  );
  assert.match(
    (await refusal(() => shaped([6, 5, 6]))).message,
    /neither the first size nor the last could be the channels/,
  );
});

test('labels of larger integers, and names of classes in labels.txt', async () => {
  const labels = Buffer.alloc(24);
  for (let i = 0; i < 6; i++) labels.writeInt32BE(i % 2, 4 * i);
  await fill({ [idxFiles.trainLabels]: typed(12, [6], labels) });
  await writeFile(join(folder, 'labels.txt'), 'wave\nrest\n');
  const lines: string[] = [];
  const data = await loadDataset(`idx=${folder}`, { log: (line) => lines.push(line) });
  assert.equal(
    [data.classes, [...data.train.labels]],
    [
      ['wave', 'rest'],
      [0, 1, 0, 1, 0, 1],
    ],
  );
  assert.match(lines.join(), /labels\.txt names the 2 classes/);
  await writeFile(join(folder, 'labels.txt'), 'wave\n\nrest\n');
  assert.match(
    (await refusal(() => loadDataset(`idx=${folder}`))).message,
    /labels\.txt is not a list of classes: see line 2/,
  );
  await writeFile(join(folder, 'labels.txt'), 'wave\nrest\nmore\n');
  assert.match((await refusal(() => loadDataset(`idx=${folder}`))).message, /no image of class more/);
  labels.writeInt32BE(-1, 8);
  await fill({ [idxFiles.trainLabels]: typed(12, [6], labels) });
  assert.match((await refusal(() => loadDataset(`idx=${folder}`))).message, /image 2 has label -1/);
});

test('half a million labels are read', async () => {
  const count = 500_000;
  await fill({
    [idxFiles.trainImages]: idx(
      [count, 1, 1],
      Uint8Array.from({ length: count }, (_, i) => i % 256),
    ),
    [idxFiles.trainLabels]: idx(
      [count],
      Uint8Array.from({ length: count }, (_, i) => i % 2),
    ),
    [idxFiles.testImages]: idx([4, 1, 1], [1, 2, 3, 4]),
  });
  assert.is((await loadDataset(`idx=${folder}`)).train.count, count);
});

test('a pipe in place of a file is refused at once', async () => {
  await fill({ [idxFiles.testLabels]: undefined });
  execFileSync('mkfifo', [join(folder, idxFiles.testLabels)]);
  assert.match(
    (await refusal(() => loadDataset(`idx=${folder}`))).message,
    /t10k-labels-idx1-ubyte is not a regular file/,
  );
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
