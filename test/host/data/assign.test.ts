import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Assignment, type AssignOptions, assignFiles } from '../../../host/data/assign.js';
import { parseList } from '../../../host/data/lists.js';
import { fsdd, speechCommands } from '../../../host/data/naming.js';
import { columns, integer, parseSource, words } from '../../../host/data/settings.js';
import { type Part, parseGroup, parseShares } from '../../../host/data/split.js';
import { refusedFor } from '../../support/mutants.js';
import { reference } from '../../support/needs.js';
import { shared } from '../../support/shared.js';
import { testWith } from '../../support/skip.js';

const shares = parseShares('80/10/10');
const count = ({ files }: Assignment, part: Part) => files.filter((one) => one.part === part).length;
const list = (name: string, ...lines: string[]) => ({
  entries: parseList(Buffer.from(lines.join('\n')), name),
  name,
});

const digits = Array.from({ length: 10 }, (_, digit) =>
  ['ann', 'bob', 'cyd'].flatMap((who) =>
    Array.from({ length: 6 }, (_, take) => `${digit}_${who}_${take}.wav`),
  ),
).flat();

test('the split that names give, and what it shares', () => {
  const found = assignFiles(digits, { naming: fsdd });
  assert.equal(found.classes, ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
  assert.equal([count(found, 'train'), count(found, 'val'), count(found, 'test')], [30, 0, 150]);
  assert.match(
    found.notes.join('; '),
    /names give; 30 train, 0 val, 150 test; 3 of the 3 groups in test are in train too/,
  );
});

test('split= by file, by the group of the pattern, by a regular expression', () => {
  const people = (options: AssignOptions) => {
    const { files } = assignFiles(digits, { naming: fsdd, shares, ...options });
    return (['train', 'val', 'test'] as const).map(
      (part) => new Set(files.filter((one) => one.part === part).map(({ file }) => file.split('_')[1])).size,
    );
  };
  assert.equal(people({}), [3, 3, 3]);
  assert.equal(people({ group: 'pattern' }), [1, 1, 1]);
  assert.equal(people({ group: parseGroup('_([a-z]{2,9})_') }), [1, 1, 1]);
  assert.equal(people({ group: 'pattern', seed: 7 }), [1, 1, 1]);
  const { notes } = assignFiles(digits, { naming: fsdd, shares, group: 'pattern' });
  assert.equal(notes.length, 3);
  assert.match(notes[1]!, /split 80\/10\/10 by group, seed 1/);
});

test('lists: of training files, or of the others alone', () => {
  const files = [
    'yes/1_nohash_0.wav',
    'yes/2_nohash_0.wav',
    'no/3_nohash_0.wav',
    'no/4_nohash_0.wav',
    '_background_noise_/a.wav',
  ];
  const others = { val: list('v.txt', files[1]!), test: list('t.txt', files[3]!) };
  const found = assignFiles(files, { naming: speechCommands, lists: others });
  assert.equal(found.files, [
    { file: files[1]!, label: 1, part: 'val' },
    { file: files[3]!, label: 0, part: 'test' },
    { file: files[0]!, label: 1, part: 'train' },
    { file: files[2]!, label: 0, part: 'train' },
  ]);
  assert.match(found.notes.join(), /1 files without a class are left out/);
  const stated = assignFiles(['1.bin', '2.bin', '3.bin'], {
    lists: { train: list('a', '1 7', '2 8'), test: list('b', '3 7') },
  });
  assert.equal(
    [stated.classes, stated.files.map(({ label }) => label)],
    [
      ['7', '8'],
      [0, 1, 0],
    ],
  );
});

test('refused: what would have to be guessed', () => {
  const cases: [RegExp, readonly string[], AssignOptions][] = [
    [/nothing says which files are for testing: a\/1\.png is in no part/, ['a/1.png'], {}],
    [/group= keeps files together/, ['train/a/1.png', 'test/a/1.png'], { group: /\d/ }],
    [/the pattern gives no group for a\/1\.png/, ['a/1.png'], { shares, group: 'pattern' }],
    [/no training file of 1 of 2 classes: b/, ['train/a/1.png', 'test/b/1.png'], {}],
    [
      /test\/b\/1\.png is of class 'b', which is not among/,
      ['train/a/1.png', 'test/b/1.png'],
      { classes: ['a'] },
    ],
    [
      /b: 1\.bin is in the list for train too/,
      ['1.bin'],
      { lists: { train: list('a', '1 7'), test: list('b', '1 7') } },
    ],
    [/of 1 of 1 files do not give a class/, ['1.bin'], { lists: { train: list('a', '1') } }],
  ];
  for (const [why, files, options] of cases) refusedFor(why, () => assignFiles(files, options));
});

(await testWith([reference('data/n-mnist')]))('N-MNIST by its lists: 1,000 and 100, ten classes', () => {
  const folder = shared('data/n-mnist')!;
  const named = (name: string) => ({ entries: parseList(readFileSync(join(folder, name)), name), name });
  const found = assignFiles(
    readdirSync(folder).filter((name) => name.endsWith('.bs2')),
    { lists: { train: named('train1K.txt'), test: named('test100.txt') } },
  );
  assert.equal([count(found, 'train'), count(found, 'test'), found.classes.length], [1000, 100, 10]);
});

const table = {
  split: { usage: 'split=80/10/10', parse: parseShares },
  group: { usage: 'group=REGEX', parse: parseGroup },
  window: integer('window=128', 1, 65536),
  missing: words('missing=refuse', ['refuse', 'repeat', 'drop']),
  columns,
};
const parse = (rest: string) => parseSource(rest, 'csv', table);

test('a spec is a path and settings; both may hold commas', () => {
  const { path, values } = parse('/a,b/c=d/x.csv,group=_([a-z]{2,9})_,window=64,columns=ax+3-5,missing=drop');
  assert.is(path, '/a,b/c=d/x.csv');
  assert.is(values.group?.source, '_([a-z]{2,9})_');
  assert.equal(
    [values.window, values.columns, values.missing, values.split],
    [64, ['ax', 3, 4, 5], 'drop', undefined],
  );
  const cases: [string, RegExp][] = [
    [',window=3', /csv: no folder after the =/],
    ['a,window=', /window= is empty/],
    ['a,window=0', /0 is not a whole number in 1\.\.65536/],
    ['a,window=1,window=2', /window= is given twice/],
    ['a,widow=1', /unknown setting 'widow'/],
    ['a,window=1,hop=2', /unknown setting 'hop'/],
    ['a,missing=later', /missing=later cannot be read/],
    ['a,columns=1++2', /columns=1\+\+2 cannot be read/],
    ['a,columns=5-2', /columns=5-2 cannot be read/],
    ['a,columns=1-3+2', /columns=1-3\+2 cannot be read/],
    ['a,split=1/2', /split=1\/2 is not a split/],
  ];
  for (const [rest, why] of cases) refusedFor(why, () => parse(rest));
});

test.run();
