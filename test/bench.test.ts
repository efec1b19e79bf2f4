import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

/** `npm run bench`: its list, and what stands behind it. */
type Choice = { kind: string; name?: string; args?: string[] };
type List = {
  proofs: Record<string, string>;
  engineModels: string[];
  chosen(words: string[]): Choice | undefined;
};
const root = fileURLToPath(new URL('../..', import.meta.url));
const bench: List = await import(pathToFileURL(`${root}test/bench/proofs.mjs`).href);
const read = (path: string) => readFileSync(`${root}${path}`, 'utf8');
const names = Object.keys(bench.proofs);

test('every name of the list has its file, and every file that is a command its name', () => {
  const commands = readdirSync(`${root}test/proofs`)
    .filter((file) => file.endsWith('.ts') && /^ \* `npm run bench -- /m.test(read(`test/proofs/${file}`)))
    .map((file) => file.replace('.ts', ''));
  assert.equal(commands.sort(), [...names].sort());
  for (const name of names)
    assert.match(read(`test/proofs/${name}.ts`), `npm run bench -- ${name}`, `${name} says how it is run`);
});

test('every bench that a document or a source names is in the list', () => {
  const known = [...names, 'engines', ...bench.engineModels, 'list', 'NAME'];
  const files = [
    'README.md',
    'CONTRIBUTING.md',
    'docs',
    'fpga',
    'firmware-gen',
    'host',
    'models',
    'test',
  ].flatMap((path) =>
    path.endsWith('.md')
      ? [path]
      : readdirSync(`${root}${path}`, { recursive: true, encoding: 'utf8' })
          .filter((file) => /\.(md|m?ts|mjs|json)$/.test(file) && !file.includes('node_modules'))
          .map((file) => `${path}/${file}`),
  );
  let seen = 0;
  for (const file of files) {
    const old = /\bbench:[a-z]/.exec(read(file));
    assert.not(old, `${file}: ${old}: npm run bench -- NAME`);
    for (const [whole, name] of read(file).matchAll(/npm run bench -- ([a-z][\w-]*(?:\.safetensors)?)/g)) {
      seen++;
      assert.ok(known.includes(name!) || name!.endsWith('.safetensors'), `${file}: ${whole}`);
    }
  }
  assert.ok(seen > 20, 'they were not found');
});

test("package.json has one script for them, and the engines' models are those that their bench knows", () => {
  const { scripts } = JSON.parse(read('package.json'));
  assert.equal(
    Object.keys(scripts).filter((name) => name.includes('bench')),
    ['prebench', 'bench'],
  );
  const [, table = ''] = /const known: [^{]*\{(.*?)\n\};/s.exec(read('test/bench/src/workload.ts')) ?? [];
  const known = [...table.matchAll(/^ {2}'?([\w-]+)'?:/gm)].map(([, name]) => name!);
  assert.equal([...known, 'density'], bench.engineModels);
});

test('words choose the list, a proof or the bench of engines; a first word that is a model stays valid', () => {
  assert.equal(bench.chosen([]), { kind: 'list' });
  assert.equal(bench.chosen(['list']), { kind: 'list' });
  assert.equal(bench.chosen(['fpga', 'netlist']), { kind: 'proof', name: 'fpga', args: ['netlist'] });
  assert.equal(bench.chosen(['engines', 'tiny', '--json']), { kind: 'engines', args: ['tiny', '--json'] });
  for (const words of [
    ['espikeformer-m', '--threads', '1'],
    ['density'],
    ['n.safetensors', '--data', 'gestures'],
  ])
    assert.equal(bench.chosen(words), { kind: 'engines', args: words });
  assert.is(bench.chosen(['lnk']), undefined);
  assert.is(bench.chosen(['toString']), undefined);
});

test('the list goes to stdout, an unknown name ends with a usage error', () => {
  const run = (...words: string[]) =>
    spawnSync(process.execPath, [`${root}test/bench/run.mjs`, ...words], { encoding: 'utf8' });
  const list = run();
  assert.is(list.status, 0);
  for (const name of [...names, 'engines']) assert.match(list.stdout, `  ${name} `);
  const wrong = run('lnk');
  assert.is(wrong.status, 2);
  assert.match(wrong.stderr, "error: there is no bench 'lnk'");
  assert.is(wrong.stdout, '');
});

test('the bench of engines, compiled on its own, imports what is outside its folder from dist/', () => {
  const files = readdirSync(`${root}test/bench/src`, { recursive: true, encoding: 'utf8' });
  const outside = files
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) =>
      [...read(`test/bench/src/${file}`).matchAll(/from '((?:\.\.\/){3,}[^']+)'/g)].map(([, path]) => path!),
    );
  assert.ok(outside.length > 10, 'they were not found');
  assert.equal(
    outside.filter((path) => !/^(\.\.\/)+dist\//.test(path)),
    [],
  );
});

test.run();
