import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import sharp from 'sharp';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type ClassNames, labelFolders } from '../../../host/data/class-folders.js';
import { listImages } from '../../../host/data/folder.js';
import { loadDataset } from '../../../host/data/index.js';
import { printable } from '../../../host/system/printable.js';
import { createNet, SpikeletError, writeNet } from '../../../models/index.js';
import { cli } from '../../support/cli-in-process.js';

let folder = '';
test.before.each(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spikelet-folder-'));
});
test.after.each(() => rm(folder, { recursive: true, force: true }));

const fashion = [
  ...[
    'T-shirt/top',
    'Trouser',
    'Pullover',
    'Dress',
    'Coat',
    'Sandal',
    'Shirt',
    'Sneaker',
    'Bag',
    'Ankle boot',
  ],
];
const animals = ['ant', 'bee', 'cat', 'dog', 'elk', 'fox', 'gnu', 'hen', 'ibis', 'jay', 'kite', 'lynx'];
const numbered = Array.from({ length: 1000 }, (_, i) => String(i));

async function fill(paths: string[], contents: string | Uint8Array = ''): Promise<void> {
  for (const path of paths) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), contents);
  }
}

/** Labels by path, and what was said. */
async function labelsOf(names: string[], ids?: ClassNames['ids']) {
  const { files, contents } = await listImages(folder, { names, ...(ids ? { ids } : {}) });
  const labels = Object.fromEntries(files.map(({ path, label }) => [relative(folder, path), label]));
  return { labels, ...contents };
}

async function refusal(run: () => unknown): Promise<SpikeletError> {
  try {
    await run();
  } catch (error) {
    assert.instance(error, SpikeletError, String((error as Error).stack));
    assert.ok((error as SpikeletError).hint);
    assert.not.match((error as Error).message, /\n/);
    return error as SpikeletError;
  }
  throw new Error('nothing was refused');
}

const by = (folders: string[], names: string[], stated?: string[]) => {
  const { by, labels } = labelFolders(
    folders,
    { names },
    stated?.map((name) => ({ name })),
  );
  return [by, ...folders.map((name) => labels.get(name))];
};
const why = async (...args: Parameters<typeof by>) => (await refusal(() => by(...args))).message;

test('signs, pluses and the like tell names apart', async () => {
  assert.match(await why(['1', '0'], ['-1', '0']), /'1'/);
  assert.equal(by(['-1', '0'], ['0', '-1']), ['name', 1, 0]);
  assert.match(await why(['C'], ['C++', 'Java']), /'C' \(closest|'C'/);
  assert.equal(by(['c++'], ['C', 'C++']), ['name', 1]);
  assert.match(
    await why(['1', '2', '3'], ['a', 'b', 'c']),
    /'3'; class indices are 0\.\.2, and .* count from 1/,
  );
});

test('classes one level further down: the folder of a split is named', async () => {
  await fill(['train/ant/a.png', 'train/bee/a.png', 'val/ant/a.png']);
  const { message, hint } = await refusal(() => listImages(folder, { names: animals }));
  assert.match(message, /the class folders are in 'train', 'val'/);
  assert.match(hint!, /train$/);
});

test('names win, whatever order the alphabet has', () => {
  assert.equal(by(['Bag', 'Coat'], fashion), ['name', 8, 4]);
  assert.equal(by(['1', '0'], ['1', '0']), ['name', 0, 1]);
  assert.equal(by(['7', '3'], ['3', '5', '7']), ['name', 2, 0]);
});

test('case, composed letters and characters that no folder can have make no difference where one class fits', async () => {
  assert.equal(by(['T-shirt top', 'ankle_boot', 'BAG'], fashion), ['name', 0, 9, 8]);
  assert.equal(by(['cafe\u0301', 'tea'], ['caf\u00e9', 'tea']), ['name', 0, 1]);
  assert.equal(by(['a b', 'a_b'], ['a b', 'a_b']), ['name', 0, 1], 'exact names come first');
  assert.match(
    await why(['a-b'], ['a/b', 'a b']),
    /1 of 1 folders of images matches none of the 2 classes: 'a-b'/,
  );
  assert.match(await why(['++'], ['+', '-']), /'\+\+'/);
});

test('one name that is off by more refuses all, naming it and the closest class', async () => {
  const nine = fashion.slice(1);
  assert.match(
    await why(['Tshirt', ...nine], fashion),
    /1 of 10 folders of images matches none of the 10 classes: 'Tshirt' \(closest: 'Shirt', 'T-shirt\/top'\)$/,
  );
  assert.match(await why(['Bag', '3'], fashion), /1 of 2 .*: '3'$/);
  assert.match(await why(['a', 'b', 'c', 'd', 'e', 'f', 'g'], fashion), /7 of 7 .*'e', \.\.\.$/);
  const message = await why(['a\x1b[2J'], fashion);
  assert.ok(message.includes(`'${printable('a\x1b[2J')}'`) && !message.includes('\x1b'), message);
});

test('whole numbers are indices from 0, padded or not', async () => {
  const all = animals.map((_, i) => String(i));
  assert.equal(by([...all].sort(), animals), ['number', ...[...all].sort().map(Number)]);
  assert.equal(by(['00', '07', '11'], animals), ['number', 0, 7, 11]);
  assert.equal(by(['00', '07'], numbered), ['number', 0, 7]);
  assert.match(await why(['1', '12'], animals), /1 of 2 .*: '12'; class indices are 0\.\.11/);
  assert.match(await why(['-1', '2'], animals), /2 of 2 .*: '-1', '2'/);
  assert.match(await why(['1e1'], animals), /'1e1'/);
  assert.match(await why(['0', '1'], ['3', '5', '7']), /2 of 2 .*: '0', '1'/, 'classes have other numbers');
});

test('two folders are never one class', async () => {
  assert.match(await why(['3', '03'], animals), /the folders '3' and '03' are both class 3, 'dog'/);
  assert.match(await why(['Bag', 'bag'], fashion), /the folders 'Bag' and 'bag' are both class 8/);
  // ImageNet has two classes 'crane' and two 'maillot'.
  assert.match(await why(['crane'], ['crane', 'owl', 'crane']), /'crane' \(closest: 'crane', 'crane'\)/);
});

test('ids are names; all of ImageNet is in the order of its ids, other ids are not', async () => {
  const ids = ['n01440764', 'n01443537'];
  const labelling = labelFolders(['n01443537', 'n01440764'], { names: ['tench', 'goldfish'], ids });
  assert.equal([...labelling.labels.values()], [1, 0]);
  const thousand = Array.from({ length: 1000 }, (_, i) => `n${String(10_000_000 + i)}`);
  assert.match(await why(thousand, numbered), /1000 of 1000 folders/);
});

test('a classes.txt states what names do not tell, but does not contradict the model', async () => {
  const stated = ['nul', 'eins', 'zwei'];
  assert.equal(by(['zwei', 'nul'], ['0', '1', '2'], stated), ['classes.txt', 2, 0]);
  assert.equal(by(['2', '0'], ['0', '1', '2'], stated), ['name', 2, 0], 'names win');
  assert.equal(by(['2', '0'], ['a', 'b', 'c'], stated), ['number', 2, 0]);
  assert.match(
    await why(['zwei', 'nul'], ['0', '1', '2'], ['nul', 'zwei']),
    /; classes\.txt names 2 classes$/,
  );
  assert.match(await why(['drei', 'nul'], ['0', '1', '2'], stated), /; classes\.txt does not name them all$/);
  assert.match(
    await why(['cat', 'hound'], ['cat', 'dog', 'elk'], ['hound', 'cat', 'elk']),
    /classes\.txt names 'cat' in line 2 as class 1, for the model it is class 0/,
  );
  await fill(['x/1.png', 'y/2.png']);
  await fill(['classes.txt'], 'y\r\nx\r\n');
  const found = await labelsOf(['left', 'right']);
  assert.equal(found.labels, { 'x/1.png': 1, 'y/2.png': 0 });
  assert.is(found.summary, "2 classes by classes.txt (y is 'left', x is 'right'), 2 images");
  assert.equal(found.passedOver, {});
});

test('what a folder holds is told in one line', async () => {
  await fill([
    'Bag/1.png',
    'Coat/2.JPG',
    'Coat/deep/er/3.jfif',
    'stray.png',
    'Coat/4.bmp',
    'Dress/notes.txt',
  ]);
  await fill([
    'Bag/._1.png',
    'Bag/Thumbs.db',
    '.ipynb_checkpoints/5.png',
    '__MACOSX/Bag/6.png',
    'Bag/@eaDir/7.png',
  ]);
  await fill(['desktop.ini', 'Bag/README', 'Bag/weird.suffix-too-long']);
  await mkdir(join(folder, 'Empty'));
  const { labels, summary, ...facts } = await labelsOf(fashion);
  assert.equal(labels, { 'Bag/1.png': 8, 'Coat/2.JPG': 4, 'Coat/deep/er/3.jfif': 4 });
  assert.equal(facts, {
    images: 3,
    labelsBy: 'name',
    classFolders: 2,
    passedOver: {
      hidden: 6,
      'without a suffix': 2,
      '.bmp': 1,
      '.txt': 1,
      'folder without images': 2,
      'next to the class folders': 1,
    },
  });
  assert.match(summary, /^2 of 10 classes by name, 3 images; 13 skipped: 6 hidden, /);
});

test('images without folders have no labels, also next to folders without images', async () => {
  await fill(['b.webp', 'a.png', 'c.gif', '.DS_Store', 'notes/todo.txt']);
  const found = await labelsOf(fashion);
  assert.equal(found.labels, { 'a.png': undefined, 'b.webp': undefined });
  assert.is(found.labelsBy, null);
  assert.match(found.summary, /^2 images without labels; 4 skipped: .*1 \.gif/);
  await mkdir(join(folder, 'empty'));
  assert.match((await labelsOf(fashion)).summary, /2 folders without images/);
  await fill(['rejected/d.png']);
  assert.match((await refusal(() => labelsOf(fashion))).message, /'rejected'/);
});

test('refused: nothing, only hidden files, no folder, a class inside another', async () => {
  assert.match((await refusal(() => labelsOf(fashion))).message, /holds no images$/);
  await fill(['.DS_Store', 'a.tif']);
  assert.match(
    (await refusal(() => labelsOf(fashion))).message,
    /holds no images; 2 skipped: 1 hidden, 1 \.tif/,
  );
  const none = await refusal(() => listImages(join(folder, 'none'), { names: fashion }));
  assert.match(none.message, /cannot read the folder .*none: no such file/);
  await fill(['Bag/Coat/1.png']);
  assert.match(
    (await refusal(() => labelsOf(fashion))).message,
    /in the folder of 'Bag' and in one of the class 'Coat'/,
  );
});

test('links to images and folders are followed, each folder once; pipes and what leads nowhere are counted', async () => {
  await fill([
    'val/Bag/1.png',
    'val/Coat/2.png',
    'store/x',
    'store/more/3.png',
    'store/more/again/4.png',
    'store/dress/6.png',
  ]);
  const links: [from: string, to: string][] = [
    ['Bag/5.png', '../../store/x'],
    ['Bag/more', '../../store/more'],
    ['Bag/up', '../..'],
    ['Bag/round', '..'],
    ['Bag/coats', '../Coat'],
    ['Bag/gone.png', 'nowhere'],
    ['Bag/self.png', 'self.png'],
    ['Dress', '../store/dress'],
  ];
  for (const [from, to] of links) await symlink(to, join(folder, 'val', from));
  await symlink('.', join(folder, 'store/more/here'));
  if (process.platform !== 'win32') spawnSync('mkfifo', [join(folder, 'val/Bag/pipe.png')]);
  folder = join(folder, 'val');
  const { labels, passedOver } = await labelsOf(fashion);
  folder = dirname(folder);
  assert.equal(labels, {
    'Bag/1.png': 8,
    'Bag/5.png': 8,
    'Bag/more/3.png': 8,
    'Bag/more/again/4.png': 8,
    'Coat/2.png': 4,
    'Dress/6.png': 3,
  });
  assert.equal(passedOver, {
    'broken link': 2,
    'link to a folder that is read anyway': 6,
    'pipe, socket or device': 1,
    'without a suffix': 1,
  });
});

test('two names of one folder are refused', async () => {
  await fill(['Bag/1.png']);
  await symlink('Bag', join(folder, 'Coat'));
  assert.match((await refusal(() => labelsOf(fashion))).message, /Coat is a link to .*Bag/);
});

test('a lattice of links is walked once', async () => {
  await mkdir(join(folder, 'Bag'));
  for (let i = 0; i < 30; i++) {
    await fill([`Bag/${i}/${i}.png`]);
    await symlink(`../${(i + 1) % 30}`, join(folder, `Bag/${i}/left`));
    await symlink(`../${(i + 1) % 30}`, join(folder, `Bag/${i}/right`));
  }
  assert.is((await labelsOf(fashion)).images, 30);
});

test('images=FOLDER tells the same, and labels what it reads', async () => {
  const dot = await sharp({ create: { width: 2, height: 2, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
  await fill(['T-shirt top/a.png', 'Bag/a.jpe', 'Bag/.hidden.png'], dot);
  const input = {
    shape: [2, 2, 3] as [number, number, number],
    mean: [0, 0, 0],
    std: [1, 1, 1],
    classes: fashion,
  };
  const lines: string[] = [];
  const log = (line: string) => lines.push(line);
  const data = await loadDataset(`images=${folder}`, { input, limit: 10, log });
  assert.equal([...data.test.labels], [8, 0]);
  assert.not(data.unlabelled);
  const summary = "2 of 10 classes by name ('T-shirt top' is 'T-shirt/top'), 2 images; 1 skipped: 1 hidden";
  assert.equal(lines, [`${folder}: ${summary}`]);
  assert.is(data.source?.['summary'], summary);
  const photos = { ...input, shape: [4096, 4096, 3] as [number, number, number] };
  await fill(
    Array.from({ length: 22 }, (_, i) => `Bag/${i}.png`),
    dot,
  );
  const large = await refusal(() => loadDataset(`images=${folder}`, { input: photos, limit: 100 }));
  assert.match(large.message, /24 images of 4096 x 4096 x 3 take 1207959552 bytes, the limit is 1073741824/);
  await fill(['Bag/broken.png'], 'no image');
  assert.match(
    (await refusal(() => loadDataset(`images=${folder}`, { input, limit: 100 }))).message,
    /Bag.broken\.png/,
  );
});

test('run, quantize and verify say which folder is which class, on stderr and in --json', async () => {
  const dot = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
  await fill(['val/T-shirt top/a.png', 'val/Bag/deep/a.png', 'val/Bag/.DS_Store', 'val/Bag/a.bmp'], dot);
  const net = createNet('dense', { shape: [8, 8, 1], mean: [0.5], std: [0.5] }, fashion, () => 0.7);
  await writeFile(join(folder, 'net.safetensors'), writeNet(net));
  process.chdir(folder);
  const spikelet = async (...args: string[]) => {
    const { code, stdout, stderr } = await cli(...args, '--json');
    assert.is(code, 0, stderr);
    assert.match(
      stderr,
      /val: 2 of 10 classes by name \('T-shirt top' is 'T-shirt\/top'\), 2 images; 2 skipped/,
    );
    return JSON.parse(stdout);
  };
  const wanted = { images: 2, labelsBy: 'name', classFolders: 2, passedOver: { hidden: 1, '.bmp': 1 } };
  const results = [
    await spikelet('run', 'net.safetensors', '--input', 'val', '--results', 'r.jsonl'),
    await spikelet('quantize', 'net.safetensors', '--data', 'images=val', '--out', 'graph.safetensors'),
    await spikelet(
      'verify',
      'graph.safetensors',
      '--data',
      'images=val',
      '--against',
      'wasm',
      '--count',
      '2',
    ),
  ];
  for (const { source } of results) {
    const { summary, ...facts } = source;
    assert.equal(facts, wanted);
    assert.match(summary, /^2 of 10 classes/);
  }
  const lines = readFileSync(join(folder, 'r.jsonl'), 'utf8').trim().split('\n');
  assert.equal(
    lines.map((line) => JSON.parse(line)).map(({ path, label }) => [path, label]),
    [
      [join('val', 'Bag', 'deep', 'a.png'), 8],
      [join('val', 'T-shirt top', 'a.png'), 0],
    ],
  );
});

test.run();
