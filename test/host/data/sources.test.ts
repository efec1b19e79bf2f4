import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadDataset } from '../../../host/data/index.js';
import { createNet, type Dataset, SpikeletError, writeNet } from '../../../models/index.js';
import { cli } from '../../support/cli-in-process.js';
import { reference } from '../../support/needs.js';
import { seeded } from '../../support/random-graph.js';
import { shared } from '../../support/shared.js';
import { testWith } from '../../support/skip.js';

let folder = '';
test.before.each(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spikelet sources-'));
});
test.after.each(() => rm(folder, { recursive: true, force: true }));

async function put(path: string, contents: string | Uint8Array): Promise<void> {
  const file = join(folder, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, contents);
}

const why = (spec: string, options = {}): Promise<string> =>
  loadDataset(spec, options).then(
    () => 'loaded',
    (error) => {
      assert.instance(error, SpikeletError);
      return `${error.message} ${error.hint ?? ''}`;
    },
  );

/** A WAV file of 16 bits at 8 kHz. */
function wavOf(samples: number[], rate = 8000): Uint8Array {
  const bytes = Buffer.alloc(44 + 2 * samples.length);
  bytes.write('RIFF', 0, 'latin1');
  bytes.writeUInt32LE(36 + 2 * samples.length, 4);
  bytes.write('WAVEfmt ', 8, 'latin1');
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(rate, 24);
  bytes.writeUInt32LE(2 * rate, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36, 'latin1');
  bytes.writeUInt32LE(2 * samples.length, 40);
  for (const [i, value] of samples.entries()) bytes.writeInt16LE(value, 44 + 2 * i);
  return bytes;
}

const tone = (hz: number, length: number): number[] =>
  Array.from({ length }, (_, i) => Math.round(12_000 * Math.sin((2 * Math.PI * hz * i) / 8000)));

const sizes = ({ train, validation, test: testing }: Dataset) => [
  train.count,
  validation?.count ?? 0,
  testing.count,
];

test('WAV files in class folders become log-mel images, and a net takes its front end along', async () => {
  for (const [name, hz] of [
    ['low', 300],
    ['high', 2500],
  ] as const)
    for (let i = 0; i < 5; i++) await put(`${name}/${i}.wav`, wavOf(tone(hz + 10 * i, 3000 + 500 * i)));
  await put('notes.txt', 'recorded at home');
  const said: string[] = [];
  const spec = `wav=${folder},split=60/20/20,ms=500`;
  const data = await loadDataset(spec, { log: (line) => said.push(line) });
  assert.equal(data.classes, ['high', 'low']);
  assert.equal(sizes(data), [6, 2, 2]);
  assert.is(data.frontEnd?.kind, 'logmel');
  assert.equal(data.shape, [30, 1, 20]);
  assert.match(
    said.join('\n'),
    /10 WAV files; 2 classes; .*split 60\/20\/20 by file, seed 1.*1 other files passed over/,
  );
  assert.match(said.join('\n'), /0\.50 s of each at 8000 Hz; \d files are longer than that/);
  const input = { ...data, classes: ['low', 'high'], ids: [] };
  const again = await loadDataset(`${spec},mean=3`, { input: { ...input, frontEnd: data.frontEnd! } });
  assert.equal(again.frontEnd, data.frontEnd, "a net's own front end is used, whatever the settings say");
  assert.equal(again.classes, ['low', 'high']);
  await put('low/fast.wav', wavOf(tone(300, 3000), 16_000));
  assert.match(await why(spec), /low\/fast\.wav has 16000 samples a second, .* sox IN\.wav -r 8000/);
});

test("run takes a sample with the model's own front end, whatever the settings say", async () => {
  for (const [name, hz] of [
    ['low', 300],
    ['high', 2500],
  ] as const)
    for (let i = 0; i < 3; i++) await put(`data/${name}/${i}.wav`, wavOf(tone(hz + 40 * i, 4000)));
  const spec = `wav=${join(folder, 'data')},split=50/50,ms=500`;
  const { shape, mean, std, classes, frontEnd } = await loadDataset(`${spec},mean=3`);
  const net = { ...createNet('audio', { shape, mean, std }, classes, seeded(1)), frontEnd: frontEnd! };
  const path = join(folder, 'net.safetensors');
  await writeFile(path, writeNet(net));
  const logits = async (data: string) => {
    const { code, stdout, stderr } = await cli('run', path, '--data', data, '--sample', '1', '--json');
    assert.is(code, 0, stderr);
    return JSON.parse(stdout).logits;
  };
  const told = await logits(`${spec},mean=3`);
  assert.ok(told.length > 0);
  assert.equal(await logits(spec), told);
});

test('what has no part, class or file is refused, and says how to name it', async () => {
  await put('a/1.wav', wavOf(tone(300, 2000)));
  await put('b/1.wav', wavOf(tone(900, 2000)));
  assert.match(await why(`wav=${folder}`), /nothing says which files are for testing.*split=80\/10\/10/);
  assert.match(
    await why(`wav=${folder},pattern=fsdd,split=80/20`),
    /names of 2 of 2 files do not give a class/,
  );
  assert.match(await why(`wav=${folder},splt=80/20`), /unknown setting 'splt'.*split=80\/10\/10/);
  assert.match(await why(`wav=${folder},split=80/30`), /not a split/);
  assert.match(await why(`csv=${folder},split=80/20`), /holds no CSV files/);
  assert.match(await why('wav'), /dataset 'wav' needs a folder/);
  assert.match(await why('wav:ms=3'), /takes no settings behind :/);
  assert.match(await why('idx:a=1'), /takes no settings/);
  assert.match(await why('gestures:speed=3'), /unknown setting 'speed'/);
});

test('photos train: by folders, by train and test folders, of one size or resized', async () => {
  const photo = (seed: number, width: number, channels: 1 | 3) => {
    const random = seeded(seed);
    const pixels = Uint8Array.from({ length: width * 12 * channels }, () => random() * 256);
    return sharp(pixels, { raw: { width, height: 12, channels } })
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .png()
      .toBuffer();
  };
  for (let i = 0; i < 5; i++)
    for (const name of ['cat', 'dog']) await put(`${name}/${i}.png`, await photo(i, 10, 3));
  const data = await loadDataset(`images=${folder},split=80/20`);
  assert.equal(data.shape, [12, 10, 3]);
  assert.equal(sizes(data), [8, 0, 2]);
  assert.equal((await loadDataset(`images=${folder},split=80/20,size=8x6,colour=grey`)).shape, [8, 6, 1]);
  assert.match(await why(`images=${folder}`), /nothing says which files are for testing/);
  await put('dog/wide.png', await photo(9, 20, 3));
  assert.match(
    await why(`images=${folder},split=80/20`),
    /several sizes: 10x12, and dog\/wide\.png 20x12.*size=64x64/,
  );
  assert.equal((await loadDataset(`images=${folder},split=80/20,size=8`)).shape, [8, 8, 3]);
});

test('tables become windows that cross neither labels nor people', async () => {
  const rows = (who: string, activity: string, count: number, scale: number) =>
    Array.from(
      { length: count },
      (_, i) => `${who},${activity},${i},${Math.round(scale * Math.sin(i / 3))},${i % 7}`,
    );
  const lines = ['ann', 'bob', 'cyd', 'dee', 'eve'].flatMap((who) => [
    ...rows(who, 'walk', 20, 900),
    ...rows(who, 'rest', 21, 40),
  ]);
  await put('all.csv', ['subject,activity,time,x,y', ...lines].join('\n'));
  const spec = `csv=${folder},label=activity,subject=subject,window=8,hop=4`;
  const data = await loadDataset(`${spec},split=80/20`);
  assert.equal(data.classes, ['rest', 'walk']);
  assert.equal(data.shape, [8, 1, 2]);
  // Of 20 and of 21 rows, four windows each; one person of five tests.
  assert.equal(sizes(data), [32, 0, 8]);
  assert.is(data.frontEnd?.kind, 'window');
  assert.match(await why(spec), /nothing says which recordings are for testing/);
  assert.match(
    await why(`csv=${folder},label=activity,split=80/20,window=8,hop=9`),
    /hop=9 is longer than a window of 8 rows/,
  );
  await put('more.csv', 'subject,activity,time,x,y\nfay,walk,0,0.5,1\nfay,walk,1,2.5,3\n');
  assert.match(await why(`${spec},split=80/20`), /more\.csv: row 1, 'x' is 0\.5, not a whole number.*lsb=/);
  await put('more.csv', 'subject,activity,time,x\nfay,walk,0,1\nfay,walk,1,2\n');
  assert.match(await why(`${spec},split=80/20`), /more\.csv has other columns: x .*columns=A\+B/);
});

test('classes that are numbers are in their order, and pieces too short for a window are counted', async () => {
  const rows = (label: number, count: number) =>
    Array.from({ length: count }, (_, i) => `${label},${i % 5},${i % 3}`);
  const labels = [10, 2, 1];
  const lines = Array.from({ length: 4 }, () => labels.flatMap((label) => rows(label, 9))).flat();
  await put('all.csv', ['label,x,y', ...lines, ...rows(2, 3)].join('\n'));
  const said: string[] = [];
  const spec = `csv=${folder},label=label,split=50/50,window=8`;
  const data = await loadDataset(spec, { log: (line) => said.push(line) });
  assert.equal(data.classes, ['1', '2', '10']);
  assert.match(said.join(), /1 of 13 pieces are shorter than a window and not used/);
});

test('recordings of events by lists become counts of ON and OFF', async () => {
  // 40 bits: x, y, polarity and 23 bits of microseconds.
  const recording = (x: number) =>
    Uint8Array.from(Array.from({ length: 12 }, (_, i) => [x, 3, i % 2 ? 128 : 0, 0, 10 * i]).flat());
  for (let i = 1; i <= 6; i++) await put(`${i}.bin`, recording(i % 2 ? 1 : 6));
  await put('train.txt', '#sample #class\n1 5\n2 7\n3 5\n4 7\n');
  await put('test.txt', '5 5\n6 7\n');
  const data = await loadDataset(`events=${folder},train=train.txt,test=test.txt`);
  assert.equal(data.classes, ['5', '7']);
  assert.equal(sizes(data), [4, 0, 2]);
  assert.equal(data.shape, [4, 7, 2]);
  const image = data.train.images.subarray(0, 4 * 7 * 2);
  assert.equal([...image.subarray(2 * (3 * 7 + 1), 2 * (3 * 7 + 1) + 2)], [6, 6]);
  assert.is(
    image.reduce((a, b) => a + b),
    12,
  );
});

(await testWith([reference('data/fsdd')]))(
  'FSDD by its own split, and by speakers that no training hears',
  async () => {
    const recordings = `${shared('data/fsdd')}/recordings`;
    const data = await loadDataset(`wav=${recordings},pattern=fsdd`);
    assert.equal(sizes(data), [2700, 0, 300]);
    assert.equal(data.shape, [61, 1, 20]);
    const apart = await loadDataset(`wav=${recordings},pattern=fsdd,split=80/20,group=pattern`);
    assert.equal(sizes(apart), [2500, 0, 500]);
    const { shape, mean, std } = data;
    const net = createNet('audio', { shape, mean, std }, data.classes, seeded(1));
    assert.ok(net.nodes.length > 5);
  },
);

test.run();
