import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { kindOf, recognise } from '../../../host/data/recognise.js';
import { SpikeletError } from '../../../models/index.js';
import { testMutants } from '../../support/mutants.js';
import { reference } from '../../support/needs.js';
import { headerOf, npy, zip } from '../../support/npy-files.js';
import { shared } from '../../support/shared.js';
import { testWith } from '../../support/skip.js';

let folder = '';
test.before.each(() => {
  folder = mkdtempSync(join(tmpdir(), 'spikelet-recognise-'));
});
test.after.each(() => rmSync(folder, { recursive: true, force: true }));

const wav = Buffer.from('RIFF\x24\0\0\0WAVEfmt ', 'latin1');
const png = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
const numbers = npy(headerOf("'|u1'", '(1,)'), Uint8Array.of(1));
const events = npy(
  headerOf("[('t', '<i8'), ('x', '<i2'), ('y', '<i2'), ('p', '|b1')]", '(0,)'),
  new Uint8Array(),
);
const idx = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 7);

function put(files: Record<string, Uint8Array | string>): void {
  for (const [path, contents] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), contents);
  }
}

async function refusal(path: string): Promise<string> {
  try {
    await recognise(path);
  } catch (error) {
    assert.instance(error, SpikeletError, String((error as Error).stack));
    assert.ok((error as SpikeletError).hint);
    return (error as SpikeletError).message;
  }
  throw new Error('nothing was refused');
}

test('a file is taken for what its content is', async () => {
  const files: [name: string, contents: Uint8Array | string, source: string, format: RegExp][] = [
    ['a.sound', wav, 'wav', /^WAV$/],
    ['b', png, 'images', /^PNG$/],
    ['c.bin', numbers, 'npy', /npy/],
    ['d', events, 'events', /numpy/],
    ['e.npz', zip([['x_train.npy', numbers]]), 'npz', /npz/],
    ['f.npz', zip(['t', 'x', 'y', 'p'].map((key) => [`${key}.npy`, numbers])), 'events', /numpy/],
    ['xy.npz', zip(['x', 'y'].map((key) => [`${key}.npy`, numbers])), 'npz', /npz/],
    ['g', idx, 'idx', /3 dimensions/],
    ['t10k-images-idx3-ubyte.gz', gzipSync(idx), 'idx', /gzip/],
    ['h.csv', 'label,x\nwave,1\n', 'csv', /CSV/],
    ['i.txt', '  1.5e-1  2.0\n  3 4\n', 'csv', /CSV/],
    ['j.bs2', Uint8Array.of(1, 2, 3, 4, 5), 'events', /N-MNIST/],
    ['k', '#!AER-DAT4.0\r\n', 'events', /AEDAT 4\.0/],
    ['l', '% evt 3.0\n', 'events', /Prophesee \.raw/],
  ];
  for (const [name, contents, source, format] of files) {
    put({ [name]: contents });
    const found = await recognise(join(folder, name));
    assert.is(found.source, source, name);
    assert.match(found.format, format, name);
    assert.is(found.sentence, `${join(folder, name)} is taken for ${source}: ${found.format}`);
  }
});

test('a folder is taken for what its files are, and it is said by what', async () => {
  put({ 'yes/a.wav': wav, 'yes/b.wav': wav, 'no/c.wav': wav, 'README.md': 'Words', '.hidden.png': png });
  const { source, sentence, files } = await recognise(folder);
  assert.is(source, 'wav');
  assert.equal(files, ['no/c.wav', 'yes/a.wav', 'yes/b.wav']);
  assert.is(sentence, `${folder} is taken for wav: 3 files, WAV, in 2 folders: no, yes; also there: 1 .md`);
});

test('a folder of IDX files, with names of classes', async () => {
  for (const name of ['train-images-idx3-ubyte', 'train-labels.idx1-ubyte', 't10k-images'])
    put({ [name]: idx });
  put({ 'labels.txt': 'wave\nrest\n' });
  assert.match(
    (await recognise(folder)).sentence,
    /taken for idx: 3 files, IDX of 3 dimensions, directly in it/,
  );
});

test('a few lists among many files do not matter, many tables do', async () => {
  for (let i = 0; i < 30; i++) put({ [`${i}.bs2`]: Uint8Array.of(1, 2, 3, 4, 5) });
  put({ 'train1K.txt': '#sample #class\n1\t5\n2\t0\n' });
  const { source, sentence } = await recognise(folder);
  assert.is(source, 'events');
  assert.match(sentence, /30 files, N-MNIST, directly in it; also there: 1 CSV$/);
  for (let i = 0; i < 9; i++) put({ [`${i}.csv`]: '1,2\n' });
  assert.match(await refusal(folder), /holds 30 of events \(N-MNIST\), 10 of csv \(CSV\)$/);
});

test('refused: two sources, two in one ending, none, nothing', async () => {
  assert.match(await refusal(folder), /holds nothing that a source reads: it is empty/);
  put({ 'a.xyz': 'some words', 'b.pdf': '%PDF-1.7' });
  assert.match(await refusal(folder), /reads: 1 \.xyz, 1 \.pdf$/);
  assert.match(await refusal(join(folder, 'b.pdf')), /no source reads it: it is pdf/);
  put({ 'c.mp3': 'ID3\x03' });
  assert.match(await refusal(join(folder, 'c.mp3')), /it is an MP3 file/);
  put({ 'd.wav': wav, 'e.png': png });
  assert.match(await refusal(folder), /holds 1 of wav \(WAV\), 1 of images \(PNG\)$/);
  put({ 'weights.bin': Uint8Array.from({ length: 100 }, (_, i) => (i * i * 77 + 99) % 256) });
  assert.match(await refusal(join(folder, 'weights.bin')), /no source reads it$/);
  put({ 'f.wav': png });
  assert.match(
    await refusal(folder),
    /of its files \.wav, d\.wav is WAV \(wav\) and f\.wav is PNG \(images\)/,
  );
  assert.match(await refusal(join(folder, 'none')), /no such file or folder/);
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  assert.match(await refusal(join(folder, 'pipe')), /is not a regular file/);
});

test('links that lead in a circle end, and a folder is read once', async () => {
  put({ 'a/x.wav': wav });
  symlinkSync(folder, join(folder, 'a', 'up'));
  symlinkSync(join(folder, 'a'), join(folder, 'b'));
  assert.equal((await recognise(folder)).files, ['a/x.wav']);
});

const known: [path: string, sentence: RegExp][] = [
  ['data/fashion-mnist', /taken for idx: 4 files, IDX in gzip, directly in it$/],
  ['data/fsdd', /taken for wav: 3000 files, WAV, in 1 folder: recordings$/],
  ['data/n-mnist', /taken for events: 1100 files, N-MNIST, directly in it; also there: 2 CSV, 1 \.yaml$/],
  ['vectors/events/evt3.raw', /taken for events: Prophesee \.raw$/],
];
for (const [path, sentence] of known)
  (await testWith([reference(path)]))(`${path} is taken for what it is`, async () => {
    assert.match((await recognise(shared(path)!)).sentence, sentence);
  });

testMutants('recognition', [wav, png, numbers, events, idx, Buffer.from('1,2\n3,4\n')], (bytes) => {
  const kind = kindOf(bytes, 'f.txt');
  if (!kind) throw new SpikeletError('unknown', { hint: 'none' });
});

test.run();
