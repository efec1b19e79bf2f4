import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { writeGraph } from '../../../models/index.js';
import { cli, cliJson } from '../../support/cli-in-process.js';
import { tinyGraph } from '../../support/wasm-models.js';

/** --threads on the command line. */
const folder = mkdtempSync(join(tmpdir(), 'spikelet threads-'));
writeFileSync(join(folder, 'graph.safetensors'), writeGraph(tinyGraph()));
mkdirSync(join(folder, 'images'));
const image = (i: number) => join('images', `${i}.png`);
for (let i = 0; i < 9; i++) {
  const values = Buffer.from(
    Array.from({ length: 28 * 28 }, (_, k) => ((k * (i * 37 + 11) * 7919) >> 3) % 256),
  );
  await sharp(values, { raw: { width: 28, height: 28, channels: 1 } }).toFile(join(folder, image(i)));
}

process.chdir(folder);
const built = await cliJson('build', 'graph.safetensors', '--target', 'wasm', '--threads', '3');

test('threads share one image, with the logits of one', async () => {
  assert.ok(built.files.includes('model-threads.wasm'));
  assert.ok(built.threads.ramBytes > built.ramBytes);
  const run = (threads: string) => cliJson('run', 'build', '--input', image(0), '--threads', threads);
  const [one, three] = [await run('1'), await run('3')];
  assert.equal(three.logits, one.logits);
});

test('threads run a folder of images with the results of one, also where a run was stopped', async () => {
  const run = (results: string, ...args: string[]) =>
    cliJson('run', 'build', '--input', 'images', '--results', results, ...args);
  await run('one.jsonl');
  const lines = readFileSync(join(folder, 'one.jsonl'), 'utf8');
  assert.is(lines.split('\n').length, 10);
  writeFileSync(join(folder, 'stopped.jsonl'), lines.slice(0, lines.length / 2));
  assert.ok((await run('stopped.jsonl', '--threads', '3')).resumed > 2);
  await run('graph.jsonl', '--threads', '20');
  for (const name of ['stopped.jsonl', 'graph.jsonl'])
    assert.is(readFileSync(join(folder, name), 'utf8'), lines);
  // The first that cannot be read ends the run, after the results before it.
  writeFileSync(join(folder, image(4)), 'no image');
  const { code, stderr } = await cli(
    'run',
    'build',
    '--input',
    'images',
    '--results',
    'bad.jsonl',
    '--threads',
    '3',
  );
  assert.is(code, 1);
  assert.match(stderr, /4\.png/);
  assert.is(
    readFileSync(join(folder, 'bad.jsonl'), 'utf8'),
    lines.split('\n').slice(0, 4).join('\n').concat('\n'),
  );
});

test('what cannot have threads is refused', async () => {
  const refused = async (code: number, message: RegExp, ...args: string[]) => {
    const run = await cli(...args);
    assert.is(run.code, code, run.stderr);
    assert.match(run.stderr, message);
    assert.match(run.stderr, /hint: /);
  };
  await refused(1, /built for 3 threads, not 4/, 'run', 'build', '--input', image(0), '--threads', '4');
  await refused(2, /only a built module/, 'run', 'graph.safetensors', '--input', image(0), '--threads', '2');
  const build = ['build', 'graph.safetensors', '--target', 'wasm', '--out', 'none', '--threads', '2'];
  await refused(2, /several threads needs its weights inside/, ...build, '--weights', 'outside');
  await refused(
    2,
    /--threads is for wasm/,
    'build',
    'graph.safetensors',
    '--target',
    'firmware',
    '--threads',
    '2',
  );
});

test.after(() => rmSync(folder, { recursive: true }));
test.run();
