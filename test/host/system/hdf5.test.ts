import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openSpeechSpikes } from '../../../host/data/readers/events/speech-spikes.js';
import { kindOf } from '../../../host/data/recognise.js';
import { type Hdf5, openHdf5 } from '../../../host/system/hdf5/index.js';
import { MUTANTS, refusedFor, testMutants } from '../../support/mutants.js';
import { h5py, reference } from '../../support/needs.js';
import { shared } from '../../support/shared.js';
import { areThere, find, testWith } from '../../support/skip.js';

const PROGRAM = `
import h5py, numpy as np, sys
out = sys.argv[1]
rng = np.random.default_rng(1)
with h5py.File(out + '/plain.h5', 'w') as f:
    for kind in ['u1', 'i1', 'u2', 'i2', 'u4', 'i4', 'u8', 'i8', 'f2', 'f4', 'f8']:
        a = rng.integers(0, 100, (5, 7, 3)).astype(kind)
        if kind[0] in 'if': a = a - a.dtype.type(50)
        f['le/' + kind] = a
        f['be/' + kind] = a.astype(np.dtype(kind).newbyteorder('>'))
        f.create_dataset('gz/' + kind, data=a, chunks=(2, 4, 2), compression='gzip', shuffle=True)
        f['wanted/' + kind] = a.astype('<f8')
    f['scalar'] = 7
    f['fixed'] = np.array([b'one', b'two'])
    f.create_dataset('varying', data=['eins', 'zwei', 'dr\\u00fc'], dtype=h5py.string_dtype())
    f.create_dataset('unwritten', (4,), dtype='i4')
    f['compound'] = np.zeros(2, dtype=[('a', 'i4')])
    f.create_dataset('lzf', data=np.arange(100), compression='lzf')
    for i in range(100): f['many/%d' % i] = i
    f['a/b/c/d'] = [1.5, 2.5]
with h5py.File(out + '/latest.h5', 'w', libver='latest') as f: f['a'] = [1]
with h5py.File(out + '/shd.h5', 'w') as f:
    n = 30
    times = [np.sort(rng.random(rng.integers(0, 200))).astype('f2') for _ in range(n)]
    units = [rng.integers(0, 700, len(t)).astype('u2') for t in times]
    vlen = lambda kind: h5py.special_dtype(vlen=np.dtype(kind))
    t = f.create_dataset('spikes/times', (n,), dtype=vlen('f2'), compression='gzip')
    u = f.create_dataset('spikes/units', (n,), dtype=vlen('u2'), compression='gzip')
    for i in range(n): t[i], u[i] = times[i], units[i]
    f['labels'] = (np.arange(n) % 20).astype('u2')
    f['extra/speaker'] = (np.arange(n) % 12).astype('u2')
    f['extra/keys'] = np.array([b'zero', b'null'] * 10)
    for i in range(n):
        f['check/%d' % i] = np.stack([np.floor(times[i].astype('f8') * 1e6 + 0.5), units[i].astype('f8')])
`;

const made: Record<string, Uint8Array> = {};
if (await areThere([h5py])) {
  const folder = mkdtempSync(join(tmpdir(), 'spikelet-hdf5-'));
  execFileSync((await find(h5py)) as string, ['-c', PROGRAM, folder], { stdio: 'pipe' });
  for (const name of ['plain', 'latest', 'shd'])
    made[name] = new Uint8Array(readFileSync(join(folder, `${name}.h5`)));
  rmSync(folder, { recursive: true, force: true });
}
const on = await testWith([h5py]);
const plain = () => openHdf5(made['plain']!, 'f');

on('what h5py writes is read back: every type, order, chunks of gzip and shuffle', () => {
  const file = plain();
  for (const kind of ['u1', 'i1', 'u2', 'i2', 'u4', 'i4', 'u8', 'i8', 'f2', 'f4', 'f8']) {
    const wanted = file.numbers(`wanted/${kind}`);
    assert.equal(wanted.shape, [5, 7, 3]);
    for (const form of ['le', 'be', 'gz'])
      assert.equal(file.numbers(`${form}/${kind}`), wanted, `${form}/${kind}`);
  }
  assert.equal(file.numbers('scalar'), { shape: [], data: Float64Array.of(7) });
  assert.equal(file.numbers('unwritten'), { shape: [4], data: new Float64Array(4) });
  assert.equal(file.texts('fixed'), ['one', 'two']);
  assert.equal(file.texts('varying'), ['eins', 'zwei', 'dr\u00fc']);
  assert.equal([...file.numbers('a/b/c/d').data], [1.5, 2.5]);
  for (let i = 0; i < 100; i++) assert.equal([...file.numbers(`many/${i}`).data], [i]);
});

on('refused by name: newer forms, other filters, compounds', () => {
  const file = plain();
  refusedFor(/f: its superblock is of version 3/, () => openHdf5(made['latest']!, 'f'));
  refusedFor(/f\[lzf\]: it is packed by lzf/, () => file.numbers('lzf'));
  refusedFor(/f\[compound\]: it holds compounds/, () => file.numbers('compound'));
  refusedFor(/f: it has no dataset none/, () => file.numbers('none'));
  refusedFor(/f\[fixed\]: it holds text, not numbers/, () => file.numbers('fixed'));
  refusedFor(/f\[scalar\]: it holds numbers, not text/, () => file.texts('scalar'));
  refusedFor(/f\[scalar\]: it holds numbers, not lists/, () => file.lists('scalar'));
  refusedFor(/points to bytes|expected|cut short/, () =>
    everything(openHdf5(made['plain']!.subarray(0, 3000), 'f')),
  );
});

on('recordings of SHD: spikes in order of their times, classes and speakers', () => {
  const bytes = made['shd']!;
  const check = openHdf5(bytes, 'f');
  assert.equal(kindOf(bytes.subarray(0, 4096), 'f'), { source: 'events', format: 'SHD or SSC' });
  assert.is(kindOf(made['plain']!.subarray(0, 4096), 'f'), undefined);
  const { count, classes, labels, speakers, events } = openSpeechSpikes(bytes, 'f');
  assert.equal([count, classes?.length, classes?.[1], labels[21], speakers?.[13]], [30, 20, 'null', 1, 1]);
  for (let i = 0; i < count; i++) {
    const { t, x, width, height } = events(i);
    assert.equal([width, height], [700, 1]);
    assert.equal([...t, ...x], [...check.numbers(`check/${i}`).data], `recording ${i}`);
  }
});

(await testWith([reference('vectors/nir')]))(
  'files of networks are read, each dataset as numbers or as text',
  () => {
    const folder = shared('vectors/nir')!;
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith('.nir'),
    );
    assert.ok(files.length >= 12);
    for (const path of files) {
      const file = openHdf5(new Uint8Array(readFileSync(join(folder, path))), path);
      const read = file.paths.map((dataset) => {
        try {
          return file.numbers(dataset).data.length;
        } catch {
          return file.texts(dataset).length;
        }
      });
      assert.ok(read.length >= 14 && read.every((count) => count > 0), path);
    }
  },
);

test('refused: other files', () => {
  refusedFor(/not an HDF5 file: it is empty/, () => openHdf5(new Uint8Array(), 'f'));
  refusedFor(/not an HDF5 file: it is a PNG/, () => openHdf5(Buffer.from('\x89PNG and more', 'latin1'), 'f'));
  refusedFor(/points to bytes/, () => openHdf5(Buffer.from('\x89HDF\r\n\x1a\n', 'latin1'), 'f'));
});

/** Reads all that a file holds. */
function everything(file: Hdf5): void {
  for (const path of file.paths.slice(0, 60)) {
    if (path === 'lzf' || path === 'compound') continue;
    if (path === 'fixed' || path === 'varying' || path === 'extra/keys') file.texts(path);
    else if (path.startsWith('spikes')) {
      const lists = file.lists(path);
      for (let i = 0; i < lists.count; i++) lists.at(i);
    } else file.numbers(path);
  }
}

if (made['shd']) testMutants('HDF5', [made['shd']!], (bytes) => everything(openHdf5(bytes, 'f')));
else (await testWith([h5py]))(`HDF5: ${MUTANTS} mutants`, () => undefined);

test.run();
