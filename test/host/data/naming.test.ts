import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { findListed, parseList } from '../../../host/data/lists.js';
import { byFolders, fsdd, nameFiles, parseNaming, speechCommands } from '../../../host/data/naming.js';
import { refusedFor } from '../../support/mutants.js';
import { reference } from '../../support/needs.js';
import { shared } from '../../support/shared.js';
import { testWith } from '../../support/skip.js';

test('folders are classes, below folders that are parts', () => {
  assert.equal(byFolders('cat/1.png'), { label: 'cat' });
  assert.equal(byFolders('cat/by me/1.png'), { label: 'cat' });
  assert.equal(byFolders('Validation/cat/1.png'), { label: 'cat', part: 'val' });
  assert.is(byFolders('1.png'), undefined);
  assert.is(byFolders('train/1.png'), undefined);
  refusedFor(/2 of 3 files do not give a class; the first is 1\.png/, () =>
    nameFiles(['a/0.png', '1.png', '2.png'], byFolders),
  );
});

test("Speech Commands' own rule, by its published checks", () => {
  const part = (file: string) => speechCommands(`yes/${file}`)?.part;
  // 56.84, 50.18 and 5.98 of 100.
  assert.is(part('0a7c2a8d_nohash_0.wav'), 'train');
  assert.is(part('00f0204f_nohash_3.wav'), 'train');
  assert.is(part('clip.wav'), 'val');
  assert.equal(speechCommands('a/b/no/0a7c2a8d_nohash_1.wav'), {
    label: 'no',
    part: 'train',
    group: '0a7c2a8d',
  });
  assert.is(speechCommands('_background_noise_/pink_noise.wav'), undefined);
});

test('a regular expression names label, group and part', () => {
  const naming = parseNaming('(?<part>[a-z]+)-(?<group>s\\d+)_(?<label>[a-z]+)\\.csv$');
  assert.equal(naming('x/train-s01_walk.csv'), { label: 'walk', group: 's01', part: 'train' });
  assert.is(naming('walk.csv'), undefined);
  refusedFor(/'mine' of mine-s1_walk\.csv is not a part/, () => naming('mine-s1_walk.csv'));
  refusedFor(/it lacks a named group \(\?<label>/, () => parseNaming('\\d+'));
  refusedFor(/^pattern=\(\?<label>: /, () => parseNaming('(?<label>'));
});

(await testWith([reference('data/fsdd')]))(
  'spoken digits: 2,700 to train, 300 to test, of six speakers',
  () => {
    const named = nameFiles(readdirSync(join(shared('data/fsdd')!, 'recordings')), fsdd);
    assert.is(named.filter(({ part }) => part === 'test').length, 300);
    assert.is(named.filter(({ part }) => part === 'train').length, 2700);
    assert.equal(
      [new Set(named.map(({ label }) => label)).size, new Set(named.map(({ group }) => group)).size],
      [10, 6],
    );
  },
);

(await testWith([reference('data/n-mnist')]))('lists of N-MNIST name 1,000 and 100 recordings', () => {
  const folder = shared('data/n-mnist')!;
  const files = readdirSync(folder).filter((name) => name.endsWith('.bs2'));
  const places = ['train1K.txt', 'test100.txt'].flatMap((list) => {
    const entries = parseList(readFileSync(join(folder, list)), list);
    assert.ok(entries.every(({ label }) => /^\d$/.test(label!)));
    return findListed(entries, files, list);
  });
  assert.is(new Set(places).size, 1100);
});

const list = (text: string) => parseList(Buffer.from(text), 'list.txt');

test('lists of paths, or of names and classes', () => {
  assert.equal(list('# a\nyes/a.wav\r\nno/b.wav\n'), [{ file: 'yes/a.wav' }, { file: 'no/b.wav' }]);
  assert.equal(list('1\t5\n2 , 0\n'), [
    { file: '1', label: '5' },
    { file: '2', label: '0' },
  ]);
  const files = ['no/a.wav', 'yes/a.wav', 'b.bs2'];
  assert.equal(findListed(list('yes/a.wav\nb'), files, 'list.txt'), [1, 2]);
  refusedFor(/line 2: 'a b c'/, () => list('a\na b c\n'));
  refusedFor(/it lists no files/, () => list('#\n\n'));
  refusedFor(/list\.txt: it is not text/, () => list('a\0'));
  refusedFor(/'a' is no\/a\.wav and yes\/a\.wav/, () => findListed(list('a'), files, 'list.txt'));
  refusedFor(/it lists b\.bs2 twice/, () => findListed(list('b\nb.bs2'), files, 'list.txt'));
  refusedFor(/2 of its 3 files are not there: c, d/, () => findListed(list('c\nb\nd'), files, 'list.txt'));
});

test.run();
