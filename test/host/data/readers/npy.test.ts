import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { arrayOf, openNpz, readNpy, readNpyFields } from '../../../../host/data/readers/npy.js';
import { refusedFor } from '../../../support/mutants.js';
import { numpy } from '../../../support/needs.js';
import { bytes, headerOf, npy, zip } from '../../../support/npy-files.js';
import { find, testWith } from '../../../support/skip.js';

test('both orders of bytes, and both of dimensions', () => {
  const little = npy(headerOf("'<i2'", '(2, 3)'), bytes(1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 255, 255));
  assert.equal(readNpy(little, 'a'), { shape: [2, 3], type: 'i16', data: Int16Array.of(1, 2, 3, 4, 5, -1) });
  const big = npy(headerOf("'>u2'", '(2,)'), bytes(1, 0, 0, 2), 2);
  assert.equal(readNpy(big, 'a'), { shape: [2], type: 'u16', data: Uint16Array.of(256, 2) });
  const turned = npy(headerOf("'|u1'", '(2, 3)', 'True'), bytes(1, 4, 2, 5, 3, 6), 3);
  assert.equal(readNpy(turned, 'a').data, bytes(1, 2, 3, 4, 5, 6));
  const deep = npy(headerOf("'|u1'", '(2, 2, 2)', 'True'), bytes(0, 4, 2, 6, 1, 5, 3, 7));
  assert.equal(readNpy(deep, 'a').data, bytes(0, 1, 2, 3, 4, 5, 6, 7));
  assert.equal(readNpy(npy(headerOf("'|b1'", '()'), bytes(2)), 'a'), {
    shape: [],
    type: 'bool',
    data: bytes(1),
  });
  assert.equal(readNpy(npy(headerOf("'<f2'", '(1L,)'), bytes(0, 0x3e)), 'a').data, Float32Array.of(1.5));
});

test('fields of a structured array are columns', () => {
  const descr = "[('t', '<i8'), ('x', '>u2'), ('', '|V1'), ('p', '|b1')]";
  const row = (t: number, x: number, p: number) => [t, 0, 0, 0, 0, 0, 0, 0, 0, x, 99, p];
  const array = npy(headerOf(descr, '(2,)'), bytes(...row(5, 7, 1), ...row(6, 8, 0)));
  const { rows, fields } = readNpyFields(array, 'a');
  assert.is(rows, 2);
  assert.equal([...fields.keys()], ['t', 'x', 'p']);
  assert.equal(
    [...fields.values()].map((data) => [...data]),
    [
      [5, 6],
      [7, 8],
      [1, 0],
    ],
  );
  refusedFor(/a structured array of t, x, , p/, () => readNpy(array, 'a'));
});

const three = npy(headerOf("'|u1'", '(3,)'), bytes(1, 2, 3));

test('arrays of an archive are read by name, packed or not', () => {
  for (const packed of [true, false]) {
    const arrays = openNpz(
      zip(
        [
          ['x.npy', three],
          ['y.npy', npy(headerOf("'|i1'", '(1,)'), bytes(255))],
        ],
        packed,
      ),
      'f',
    );
    assert.equal([...arrays.keys()], ['x', 'y']);
    assert.equal(arrayOf(arrays, 'y', 'f').data, Int8Array.of(-1));
    refusedFor(/f: it has no array 'z'/, () => arrayOf(arrays, 'z', 'f'));
  }
  const damaged = zip([['x.npy', npy(headerOf("'|O'", '(3,)'), bytes(1))]]);
  refusedFor(/^f\[x\]: it holds Python objects/, () => arrayOf(openNpz(damaged, 'f'), 'x', 'f'));
});

const big64 = bytes(0, 0, 0, 0, 0, 0, 0, 64);
const bad: [string, Uint8Array, RegExp][] = [
  ['nothing', bytes(), /not a \.npy file: it is empty/],
  ['an archive', zip([['x.npy', three]]), /it is a zip archive/],
  ['objects', npy(headerOf("'|O'", '(1,)'), bytes(0x80)), /Python objects.*pickle/],
  ['text', npy(headerOf("'<U7'", '(1,)'), bytes()), /holds text/],
  ['complex numbers', npy(headerOf("'<c8'", '(1,)'), bytes()), /complex numbers/],
  ['dates', npy(headerOf("'<M8[ns]'", '(1,)'), bytes()), /M8\[ns\]/],
  ['long doubles', npy(headerOf("'<f16'", '(1,)'), bytes()), /'<f16'/],
  ['no order of bytes', npy(headerOf("'i4'", '(1,)'), bytes(0, 0, 0, 0)), /order of bytes/],
  ['too large a number', npy(headerOf("'<i8'", '(1,)'), big64), /element 0 is a whole number beyond 2\^53/],
  ['cut short', three.subarray(0, -1), /\[3\] elements of 1 bytes, 3 in all, and 2 follow/],
  ['too much', bytes(...three, 0), /and 4 follow/],
  ['an enormous shape', npy(headerOf("'|u1'", '(9999999999999999, 9999999999)'), bytes(1)), /announces/],
  ['a negative shape', npy(headerOf("'|u1'", '(-1,)'), bytes(1)), /cannot be read/],
  ['many dimensions', npy(headerOf("'|u1'", `(${'1, '.repeat(40)})`), bytes(1)), /40 dimensions/],
  ['version 4', npy(headerOf("'|u1'", '(1,)'), bytes(1), 4), /version 4/],
  ['a header beyond the end', three.subarray(0, 30), /ends in its header/],
  ['a deep header', npy('('.repeat(1000), bytes()), /cannot be read at character 7/],
  ['a header that is not a dict', npy('(1,)', bytes()), /lacks a valid dict/],
  ['no shape', npy("{'descr': '|u1', 'fortran_order': False}", bytes()), /lacks a valid shape/],
  ['fields of arrays', npy(headerOf("[('x', '<u2', (3,))]", '(1,)'), bytes()), /hold arrays/],
];
for (const [what, file, why] of bad)
  test(`refused: ${what}`, () =>
    refusedFor(why, () => (what.startsWith('fields') ? readNpyFields(file, 'f') : readNpy(file, 'f'))));

test('archives are refused before they fill the memory', () => {
  refusedFor(/claim to unpack to 4294967295/, () => openNpz(zip([['x.npy', three]], true, 0xffffffff), 'f'));
  refusedFor(/without arrays/, () => openNpz(zip([['x.txt', three]]), 'f'));
  refusedFor(/not a \.npz file: it is a \.npy array/, () => openNpz(three, 'f'));
});

const PROGRAM = `
import numpy as np, sys
out = sys.argv[1]
rng = np.random.default_rng(1)
kinds = ['?', 'u1', 'i1', 'u2', 'i2', 'u4', 'i4', 'u8', 'i8', 'f2', 'f4', 'f8']
arrays = {}
for kind in kinds:
    a = rng.integers(0, 2 if kind == '?' else 100, (3, 4, 5)).astype(kind)
    if kind[0] in 'if': a = a - a.dtype.type(50)
    if kind[0] == 'f': a = a / a.dtype.type(8)
    for order in '<>':
        b = a.astype(np.dtype(kind).newbyteorder(order))
        name = kind.replace('?', 'b1') + ('le' if order == '<' else 'be')
        arrays[name + 'C'] = np.ascontiguousarray(b)
        arrays[name + 'F'] = np.asfortranarray(b)
np.savez(out + '/plain.npz', **arrays)
np.savez_compressed(out + '/packed.npz', **arrays)
wanted = {name: a.astype('<f8', order='C') for name, a in arrays.items()}
for name, a in wanted.items(): np.ascontiguousarray(a).tofile(out + '/' + name)
np.save(out + '/objects.npy', np.array([{}, 1], dtype=object), allow_pickle=True)
np.save(out + '/records.npy', np.array([(5, 1, 2, True), (6, 3, 4, False)], dtype=[('t', '<i8'), ('x', '<i2'), ('y', '<i2'), ('p', '?')]))
np.save(out + '/aligned.npy', np.array([(1, 5), (0, 6)], dtype=np.dtype([('p', 'u1'), ('t', '<i8')], align=True)))
np.save(out + '/empty.npy', np.zeros((0, 4), 'f4'))
with open(out + '/version3.npy', 'wb') as f: np.lib.format.write_array(f, np.arange(3, dtype='<i4'), version=(3, 0))
`;

(await testWith([numpy]))('what numpy writes is read back: every type, order and version', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spikelet-npy-'));
  try {
    execFileSync((await find(numpy)) as string, ['-c', PROGRAM, folder], { stdio: 'pipe' });
    const file = (name: string) => new Uint8Array(readFileSync(join(folder, name)));
    for (const archive of ['plain.npz', 'packed.npz']) {
      const arrays = openNpz(file(archive), archive);
      assert.is(arrays.size, 48);
      for (const name of arrays.keys()) {
        const { shape, data } = arrayOf(arrays, name, archive);
        const wanted = new Float64Array(file(name).buffer);
        assert.equal(shape, [3, 4, 5]);
        assert.equal([...data], [...wanted], `${archive} ${name}`);
      }
    }
    refusedFor(/Python objects/, () => readNpy(file('objects.npy'), 'f'));
    const { fields } = readNpyFields(file('records.npy'), 'f');
    assert.equal(
      [...fields.values()].map((data) => [...data]),
      [
        [5, 6],
        [1, 3],
        [2, 4],
        [1, 0],
      ],
    );
    const aligned = readNpyFields(file('aligned.npy'), 'f').fields;
    assert.equal(
      [...aligned].map(([name, data]) => [name, ...data]),
      [
        ['p', 1, 0],
        ['t', 5, 6],
      ],
    );
    assert.equal(readNpy(file('empty.npy'), 'f').shape, [0, 4]);
    assert.equal(readNpy(file('version3.npy'), 'f').data, Int32Array.of(0, 1, 2));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test.run();
