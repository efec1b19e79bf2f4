import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

/** Who may import whom, read from the sources. */
const root = fileURLToPath(new URL('../..', import.meta.url));
const rooms = ['models', 'quantize', 'assembly', 'wasm', 'firmware-gen', 'fpga', 'host', 'test'];

const mayImport: Record<string, string[]> = {
  models: ['models'],
  quantize: ['quantize', 'models'],
  wasm: ['wasm', 'models'],
  'firmware-gen': ['firmware-gen', 'wasm', 'models'],
  fpga: ['fpga', 'models'],
  assembly: ['assembly'],
  host: ['host', 'models', 'quantize', 'wasm', 'firmware-gen', 'fpga'],
  test: rooms,
};

/** Packages that only one folder may load. */
const only: Record<string, string> = { '@tensorflow/': 'host/train', serialport: 'host/device' };

const sources = (folder: string): string[] =>
  readdirSync(join(root, folder)).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(join(root, path)).isDirectory()) return name === 'node_modules' ? [] : sources(path);
    return /\.m?ts$/.test(name) ? [path] : [];
  });

type Import = { from: string; target: string; typeOnly: boolean; dynamic: boolean };

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8');
  const found: Import[] = [];
  for (const [, kind, target] of text.matchAll(
    /^(?:import|export)\s+(type\s)?[^'"`;]*?from\s+['"]([^'"]+)['"]/gm,
  ))
    found.push({ from: file, target: target!, typeOnly: kind !== undefined, dynamic: false });
  for (const [, target] of text.matchAll(/^import\s+['"]([^'"]+)['"]/gm))
    found.push({ from: file, target: target!, typeOnly: false, dynamic: false });
  for (const [, target] of text.matchAll(/import\(\s*['"]([^'"]+)['"]\s*\)/g))
    found.push({ from: file, target: target!, typeOnly: false, dynamic: true });
  return found;
}

// A room that nothing lives in yet is no folder of a clone.
const imports = rooms
  .filter((room) => existsSync(join(root, room)))
  .flatMap(sources)
  .flatMap(importsOf);
const ours = imports.filter(({ target }) => target.startsWith('.'));
const pathOf = ({ from, target }: Import) => relative(root, resolve(root, dirname(from), target));
const roomOf = (path: string) => path.split(sep)[0]!;

test('every room imports only the rooms it may', () => {
  assert.ok(ours.length > 50, 'the imports were not found');
  const broken = ours.filter((i) => {
    const room = roomOf(pathOf(i));
    return rooms.includes(room) && !mayImport[roomOf(i.from)]!.includes(room);
  });
  assert.equal(
    broken.map((i) => `${i.from} imports ${i.target}`),
    [],
  );
});

test('nothing outside test/ imports the tests', () => {
  assert.equal(
    ours.filter((i) => roomOf(pathOf(i)) === 'test' && roomOf(i.from) !== 'test').map(({ from }) => from),
    [],
  );
});

test('heavy packages are loaded in their own folder only', () => {
  for (const [name, folder] of Object.entries(only))
    for (const { from, target, typeOnly } of imports)
      if (target.startsWith(name) && !typeOnly && roomOf(from) !== 'test')
        assert.ok(from.startsWith(folder + sep), `${from} imports ${target}`);
});

test('and that folder is reached by await import() alone', () => {
  for (const i of ours)
    for (const folder of Object.values(only))
      if (pathOf(i).startsWith(folder) && !i.from.startsWith(folder) && roomOf(i.from) !== 'test')
        assert.ok(i.typeOnly || i.dynamic, `${i.from} loads ${i.target} at once`);
});

/** Where an op may be asked for by its name: its own file. What else depends on an op is an entry of a table. */
const opFiles = ['models/ops', 'models/net-ops'];

/** Of other kinds of ops: the instructions of WebAssembly. */
const otherOps = ['firmware-gen/model'];

test("what depends on an op is in its file or a table: nothing compares a node's op with a name", () => {
  const asks = /\bswitch \((?:\w+[?!]?\.)*op\)|\bop\s*[!=]==|[!=]==\s*(?:\w+[?!]?\.)*op\b(?!\.)/g;
  const places = [...opFiles, ...otherOps].map((folder) => join(folder, sep));
  const files = rooms.filter((room) => room !== 'test' && room !== 'assembly').flatMap(sources);
  const found = files
    .filter((file) => !places.some((folder) => file.startsWith(folder)))
    .flatMap((file) =>
      [...readFileSync(join(root, file), 'utf8').matchAll(asks)].map(([text]) => `${file}: ${text}`),
    );
  assert.equal(found, []);
  for (const text of [
    'switch (node.op)',
    "node?.op === 'pool'",
    "({ op }) => op !== 'fire'",
    "'add' === item.op",
  ])
    assert.ok(text.match(asks), `the pattern misses ${text}`);
});

test('tests are skipped by skip.ts alone, none is left out by mistake, and none asserts a time', () => {
  const found = sources('test')
    .filter(
      (path) => path.endsWith('.test.ts') && dirname(path) === 'test' && !path.endsWith('house.test.ts'),
    )
    .flatMap((path) => {
      const text = readFileSync(join(root, path), 'utf8');
      // A test that testWith() gives to uvu's own suite is never run by a file that runs another.
      const lost = text.includes(" = suite('") ? [/testWith\((\[[^\]]*\]|\w+)\)/] : [];
      return [/\.skip\(|\.only\(|test\.skip|log\(['`]skipped/, /performance\.now|Date\.now|hrtime/, ...lost]
        .flatMap((pattern) => pattern.exec(text)?.[0] ?? [])
        .map((what) => `${path}: ${what}`);
    });
  assert.equal(found, []);
});

test.run();
