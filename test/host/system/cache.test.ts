import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cached, cacheFolder, MOST_FILES } from '../../../host/system/cache.js';
import { compileSource } from '../../../host/wasm/compile.js';

/** What is kept of one run for the next, in a cache folder of this test's own. */
const root = mkdtempSync(join(tmpdir(), 'spikelet-cache-'));
process.env['XDG_CACHE_HOME'] = root;
const folder = cacheFolder('test');

let made = 0;
const make = async () => Uint8Array.of(1, 2, ++made);
const get = async (...key: string[]) => [...(await cached('test', key, make))];

test.before.each(() => {
  made = 0;
  rmSync(root, { recursive: true, force: true });
});

test('the same key gives the same bytes without making them, another key its own', async () => {
  assert.equal(await get('a', 'b'), [1, 2, 1]);
  assert.equal(await get('a', 'b'), [1, 2, 1]);
  assert.equal(await get('ab', ''), [1, 2, 2]);
  assert.equal(await get('a', 'b', ''), [1, 2, 3]);
  assert.equal(await get('a', 'b'), [1, 2, 1]);
  assert.is(readdirSync(folder).length, 3);
});

test('a damaged, cut or empty file is made again', async () => {
  await get('x');
  const path = join(folder, readdirSync(folder)[0]!);
  const whole = readFileSync(path);
  for (const damaged of [whole.subarray(0, -1), whole.map((byte, i) => (i === 33 ? byte ^ 1 : byte)), '']) {
    writeFileSync(path, damaged);
    const again = await get('x');
    assert.is(again[2], made);
    assert.equal(await get('x'), again);
  }
  assert.is(made, 4);
});

test('a folder that others may write, or nobody can, is not used', async () => {
  if (process.platform !== 'win32') {
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, 0o777);
    await get('x');
    await get('x');
    assert.is(made, 2);
    assert.equal(readdirSync(folder), []);
  }
  rmSync(root, { recursive: true });
  writeFileSync(root, 'a file where the folder should be');
  await get('x');
  await get('x');
  assert.is(made, process.platform === 'win32' ? 2 : 4);
});

test('SPIKELET_NO_CACHE reads and keeps nothing', async () => {
  await get('x');
  process.env['SPIKELET_NO_CACHE'] = '1';
  try {
    assert.equal(await get('x'), [1, 2, 2]);
    await get('y');
  } finally {
    delete process.env['SPIKELET_NO_CACHE'];
  }
  assert.is(readdirSync(folder).length, 1);
});

test('the least recently used goes first, and so does what a killed process left', async () => {
  await get('kept');
  const [kept] = readdirSync(folder);
  const old = (name: string, seconds: number) => {
    writeFileSync(join(folder, name), 'x');
    utimesSync(join(folder, name), seconds, seconds);
  };
  for (let i = 0; i < MOST_FILES; i++) old(`old-${i}`, 1000 + i);
  old('.left.tmp', 1e9);
  await get('new');
  const names = readdirSync(folder);
  assert.ok(names.includes(kept!));
  assert.not(names.includes('.left.tmp'));
  assert.not(names.includes('old-0'));
  assert.ok(names.includes(`old-${MOST_FILES - 1}`));
  assert.ok(names.length <= MOST_FILES, `${names.length} files`);
});

test('compiled code is kept by all that it depends on', async () => {
  const source = (n: number) => `export function infer(): i32 { return ${n}; }`;
  const first = await compileSource(source(1), 'simd');
  const files = () => readdirSync(cacheFolder('wasm')).length;
  assert.is(files(), 1);
  assert.equal(await compileSource(source(1), 'simd'), first);
  assert.is(files(), 1);
  assert.not.equal(await compileSource(source(2), 'simd'), first);
  await compileSource(source(1), 'swar');
  assert.is(files(), 3);
});

test.after(() => rmSync(root, { recursive: true, force: true }));
test.run();
