import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { verifyWasm } from '../../../host/run/verify.js';
import { loadWasm } from '../../../host/wasm/load.js';
import type { load as Load } from '../../../host/wasm/model.mjs';
import { openWasm } from '../../../host/wasm/open.js';
import { crc32, interpret, writeGraph } from '../../../models/index.js';
import { randomGraph, seeded } from '../../support/random-graph.js';
import { randomPixels } from '../../support/wasm-models.js';

/** --ram, --weights and --plan on the real command line. */
const main = fileURLToPath(new URL('../../../host/cli/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'spikelet plan-'));
const graph = randomGraph(seeded(31), 9);
writeFileSync(join(folder, 'graph.safetensors'), writeGraph(graph));
const pixels = randomPixels(graph, seeded(1), 0.7);
const expected = [...interpret(graph, pixels)];

const spikelet = (...args: string[]) =>
  spawnSync(process.execPath, [main, ...args], { cwd: folder, encoding: 'utf8' });

const json = (...args: string[]) => {
  const { status, stdout, stderr } = spikelet(...args, '--json');
  assert.is(status, 0, stderr);
  return JSON.parse(stdout);
};

const build = (out: string, ...args: string[]) =>
  json('build', 'graph.safetensors', '--target', 'wasm', '--out', out, ...args);

test('build --ram: what is planned is what is built, and too little is refused with the least', () => {
  const fastest = build('fastest');
  const refused = spikelet('build', 'graph.safetensors', '--target', 'wasm', '--ram', '16', '--out', 'none');
  assert.is(refused.status, 1);
  const least = Number(/the smallest plan takes (\d+) B/.exec(refused.stderr)?.[1]);
  assert.ok(least > 16 && least <= fastest.ramBytes);
  assert.match(refused.stderr, new RegExp(`hint: .*${Math.ceil(least / 1024)}k`));
  const planned = json('inspect', '--plan', 'graph.safetensors', '--ram', String(least));
  const built = build('least', '--ram', String(least));
  assert.is(built.ramBytes, least);
  assert.is(planned.ramBytes, built.ramBytes);
  assert.is(planned.steps, built.steps);
  assert.ok(planned.chart.length > 8);
  const { stdout, stderr } = spikelet(
    ...['build', 'graph.safetensors', '--target', 'wasm', '--ram', '1m', '--out', 'x'],
  );
  assert.match(stderr, new RegExp(`planned: ${fastest.ramBytes} B of RAM`), 'told before it is built');
  assert.match(stdout, new RegExp(`RAM: ${fastest.ramBytes} B`));
});

test('build --time: less RAM where more time is allowed, and one budget at a time', () => {
  const [quick, slow] = ['1', '5'].map((time) =>
    json('inspect', '--plan', 'graph.safetensors', '--time', time),
  );
  assert.ok(slow.ramBytes <= quick.ramBytes);
  assert.is(spikelet('inspect', '--plan', 'graph.safetensors', '--time', '2', '--ram', '9k').status, 2);
});

test('build --weights outside: weights in a file, read by every loader, and refused if they are not its own', async () => {
  const built = build('outside', '--weights', 'outside', '--time', '40');
  assert.ok(built.files.includes('model.weights.bin'));
  assert.ok(built.bytes.outside > 0);
  const path = (name: string) => join(folder, 'outside', name);
  const inspected = json('inspect', 'outside');
  assert.is(inspected.bytes.outside, built.bytes.outside);
  assert.is(inspected.bytes.weights, built.bytes.weights);
  const model = await openWasm(path('model.wasm'));
  assert.is(verifyWasm(graph, model, [pixels]).equal, 1);
  const [arena, arenaBytes] = model.description.arena;
  assert.is(arena + arenaBytes, built.ramBytes);
  const { load } = (await import(pathToFileURL(path('model.mjs')).href)) as { load: typeof Load };
  assert.equal([...(await load()).infer(pixels)], expected);
  const [wasm, weights] = ['model.wasm', 'model.weights.bin'].map(
    (name) => new Uint8Array(readFileSync(path(name))),
  ) as [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>];
  assert.equal([...(await load(wasm, weights)).infer(pixels)], expected);
  await load(wasm).then(
    () => assert.unreachable('the weights are missing'),
    (error: Error) => assert.match(error.message, /reads its weights from outside/),
  );
  assert.throws(() => loadWasm(wasm), /reads its weights from outside/);
  weights[0]! ^= 1;
  assert.throws(() => loadWasm(wasm, weights), /these weights are not those of/);
  const short = weights.slice(0, 64);
  const text = Buffer.from(wasm).toString('latin1');
  const damaged = text.replace(/"outside":\[\d+,\d+/, (found) =>
    `"outside":[${short.length},${crc32(short)}`.padEnd(found.length),
  );
  assert.is(damaged.length, text.length);
  const stopped = loadWasm(Uint8Array.from(Buffer.from(damaged, 'latin1')), short);
  assert.throws(() => stopped.infer(pixels), /stopped: it reads weights \d+\.\.\d+, which are not there/);
});

test('sizes and options that make no sense are refused', () => {
  for (const ram of ['0', 'much', '-4k', '9999g'])
    assert.is(spikelet('build', 'graph.safetensors', '--target', 'wasm', `--ram=${ram}`).status, 2);
  const { status, stderr } = spikelet('inspect', 'graph.safetensors', '--ram', '64k');
  assert.is(status, 2);
  assert.match(stderr, /hint: add --plan/);
});

test.after(() => rmSync(folder, { recursive: true }));
test.run();
