import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type CsvOptions, csvParser, readCsv } from '../../../../host/data/readers/csv.js';
import { columnsOf, numbersOf, textsOf } from '../../../../host/data/readers/csv-columns.js';
import { readSafetensors } from '../../../../models/index.js';
import { refusedFor } from '../../../support/mutants.js';
import { reference } from '../../../support/needs.js';
import { shared } from '../../../support/shared.js';
import { testWith } from '../../../support/skip.js';

const read = (text: string, options?: CsvOptions) => readCsv(Buffer.from(text), 'f.csv', options);

const expected: Record<string, [CsvOptions, columns?: number[]]> = {
  bom_crlf_header: [{}],
  har_fixed_width: [{}],
  missing: [{ missing: 'keep' }],
  plain: [{}],
  quoted: [{}],
  semicolon_decimal_comma: [{}],
  tabs_spaces: [{}],
  wisdm: [{ missing: 'drop' }, [4, 5, 6]],
};

(await testWith([reference('vectors/frontends/csv.safetensors')]))(
  'the reference texts, number for number',
  () => {
    const { tensors } = readSafetensors(readFileSync(shared('vectors/frontends/csv.safetensors')!));
    assert.is(tensors.size, 2 * Object.keys(expected).length);
    for (const [name, [options, columns]] of Object.entries(expected)) {
      const csv = readCsv(tensors.get(`${name}.bytes`)!.data as Uint8Array, name, options);
      const wanted = tensors.get(`${name}.float64`)!;
      const all = columns ?? Array.from({ length: wanted.shape[1]! }, (_, i) => i + 1);
      assert.is(csv.rows, wanted.shape[0], name);
      assert.equal(
        [...numbersOf(csv, columnsOf(csv, all, name), name)],
        [...(wanted.data as Float64Array)],
        name,
      );
    }
  },
);

test('what was missing is counted, and repeated where that is asked for', () => {
  const text = 't,x\n0,1\n1,\n2,NaN\n3,4\n';
  const repeated = read(text, { missing: 'repeat' });
  assert.equal([...repeated.values], [0, 1, 1, 1, 2, 1, 3, 4]);
  assert.is(repeated.missing, 2);
  const dropped = read(text, { missing: 'drop' });
  assert.equal([...dropped.values], [0, 1, 3, 4]);
  assert.equal([dropped.missing, dropped.dropped], [2, 2]);
  refusedFor(/f\.csv: line 3, column 2 \(x\): empty/, () => read(text));
  refusedFor(/line 2, column 2 \(x\): empty, and no value is above it/, () =>
    read('t,x\n0,\n', { missing: 'repeat' }),
  );
});

test('columns of text keep their words, in order of first sight', () => {
  const csv = read('33,Jogging,0.5\n33,Walking,0.25\n34,Jogging,1\n');
  assert.is(csv.header, undefined);
  assert.equal(csv.columns[1]!.texts, ['Jogging', 'Walking']);
  assert.equal(textsOf(csv, 1), ['Jogging', 'Walking', 'Jogging']);
  assert.equal(textsOf(csv, 0), ['33', '33', '34']);
  refusedFor(/column 2 \(column 2\) holds text: 'Jogging'/, () => numbersOf(csv, [0, 1], 'f.csv'));
  const labels = 'x,label\n1,1\n2,walking\n';
  refusedFor(/line 3, column 2 \(label\): 'walking' is not a number/, () => read(labels));
  assert.equal(textsOf(read(labels, { text: ['label'] }), 1), ['1', 'walking']);
  assert.equal(textsOf(read(labels, { text: [2] }), 1), ['1', 'walking']);
});

test('headers are told from rows', () => {
  const headers: [string, string[] | undefined][] = [
    ['a,b\n1,2\n', ['a', 'b']],
    ['1,2\n3,4\n', undefined],
    ['33,Jogging\n34,Walking\n', undefined],
    ['time,0,1\n5,6,7\n', ['time', '0', '1']],
    ['# made by hand\nt,x\n0,1\n', ['t', 'x']],
    ['a;b;\n1,5;2;\n', ['a', 'b']],
    ['"a, x","say ""b"""\n1,2\n', ['a, x', 'say "b"']],
    ['"two\nlines",b\n1,2\n', ['two\nlines', 'b']],
    ['a b  c\n1 2  3\n', ['a', 'b', 'c']],
  ];
  for (const [text, header] of headers) assert.equal(read(text).header, header, text);
  assert.equal(read('1,2\n3,4\n', { header: true }).rows, 1);
  refusedFor(/could be a header or a row/, () => read('id,1,2\n5,x,3\n'));
  refusedFor(/a header and no rows/, () => read('a,b\n'));
});

test('separators and decimal marks are decided once for the file', () => {
  assert.equal([...read('1;2\n3;4\n').values], [1, 2, 3, 4]);
  assert.equal([...read('1.5;2\n3;4.25\n').values], [1.5, 2, 3, 4.25]);
  assert.equal([...read('-1,5\t2e1\n3\t4,25\n').values], [-1.5, 20, 3, 4.25]);
  assert.equal([...read(' 1   2\n3\t 4\n').values], [1, 2, 3, 4]);
  assert.equal([...read('1\n2\n').values], [1, 2]);
  assert.equal([...read('1,2,3;4,5,6;\n7,8,9;\n').values], [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  refusedFor(/line 2, column 1: '1\.234' has a decimal '\.', cells before it ','/, () =>
    read('1,5;2\n1.234;3\n'),
  );
  refusedFor(/two cells and the end of a row, or one with a decimal comma/, () => read('1,5;\n2,5;\n'));
  assert.equal([...read('1,5;\n2,5;\n', { separator: ';' }).values], [1.5, 2.5]);
  assert.equal([...read('1,5;\n2,5;\n', { separator: ',' }).values], [1, 5, 2, 5]);
});

test('ragged rows are named by line and column', () => {
  refusedFor(/line 3, column 2: 1 cells, while the first line has 2/, () => read('1,2\n3,4\n5\n'));
  refusedFor(/line 2, column 3: 4 cells/, () => read('1,2\n3,4,5,6\n'));
  assert.equal([...read('1,2,\n3,4\n').values], [1, 2, 3, 4]);
});

test('how a file is split into pieces makes no difference', () => {
  const text = Buffer.from('\ufeffzeit;größe\r\n0,5;"1"\r\r\n\r\n2;3\r4;5');
  const whole = readCsv(text, 'f');
  assert.equal([...whole.values], [0.5, 1, 2, 3, 4, 5]);
  for (let size = 1; size < text.length; size++) {
    const parser = csvParser('f');
    for (let at = 0; at < text.length; at += size) parser.push(text.subarray(at, at + size));
    assert.equal(parser.end(), whole, `pieces of ${size}`);
  }
  const utf16 = Buffer.from('\ufeffa,b\n1,2\n', 'utf16le');
  assert.equal([...readCsv(utf16, 'f').values], [1, 2]);
});

const bad: [string, string | Uint8Array, RegExp, CsvOptions?][] = [
  ['nothing', '', /no rows/],
  ['empty lines', '\n\n', /no rows/],
  ['Latin-1', Buffer.from('gr\xf6\xdfe,b\n1,2\n', 'latin1'), /not UTF-8 text/],
  ['zeros', 'a,b\0\n', /zero byte/],
  ['a picture', Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), /PNG image/],
  ['an endless line', '1,'.repeat(2 ** 20), /line 1: .*does not end/],
  ['an open quote', 'a,b\n1,"2\n3,4\n', /line 2: a quoted cell begins and never ends/],
  ['a huge number', '1,1e999\n2,3\n', /line 1, column 2: '1e999' is too large/],
  ['too many cells', '1,2\n3,4\n5,6\n', /line 3: more than 5 cells/, { maxCells: 5 }],
  ['all rows dropped', '1,\n2,\n3,,', /./, { missing: 'drop' }],
  ['an unknown column', 'a,b\n1,2\n', /no column 'c'/, { text: ['c'] }],
  ['two columns of a name', 'a,a\n1,2\n', /two columns 'a'/, { text: ['a'] }],
  ['a column beyond', '1,2\n3,4\n', /no column 3/, { text: [3] }],
  ['a name without a header', '1,2\n3,4\n', /no column 'a'/, { text: ['a'] }],
];
for (const [what, text, why, options] of bad)
  test(`refused: ${what}`, () =>
    refusedFor(why, () => readCsv(Buffer.from(text as string), 'f.csv', options)));

test.run();
