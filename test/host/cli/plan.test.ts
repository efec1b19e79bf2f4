import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { verifyWasm } from '../../../host/run/verify.js';
import { loadWasm } from '../../../host/wasm/load.js';
import type { load as Load } from '../../../host/wasm/model.mjs';
import { openWasm } from '../../../host/wasm/open.js';
import { crc32, interpret, writeGraph } from '../../../models/index.js';
import { cli, cliJson } from '../../support/cli-in-process.js';
import { randomGraph, seeded } from '../../support/random-graph.js';
import { randomPixels } from '../../support/wasm-models.js';

/** --ram, --weights and --plan on the command line. */
const folder = mkdtempSync(join(tmpdir(), 'spikelet plan-'));
const graph = randomGraph(seeded(31), 9);
writeFileSync(join(folder, 'graph.safetensors'), writeGraph(graph));
const pixels = randomPixels(graph, seeded(1), 0.7);
const expected = [...interpret(graph, pixels)];

process.chdir(folder);

const build = (out: string, ...args: string[]) =>
  cliJson('build', 'graph.safetensors', '--target', 'wasm', '--out', out, ...args);

test('build --ram: what is planned is what is built, and too little is refused with the least', async () => {
  const fastest = await build('fastest');
  const refused = await cli('build', 'graph.safetensors', '--target', 'wasm', '--ram', '16', '--out', 'none');
  assert.is(refused.code, 1);
  const least = Number(/the smallest plan takes (\d+) B/.exec(refused.stderr)?.[1]);
  assert.ok(least > 16 && least <= fastest.ramBytes);
  assert.match(refused.stderr, new RegExp(`hint: .*${Math.ceil(least / 1024)}k`));
  const planned = await cliJson('inspect', '--plan', 'graph.safetensors', '--ram', String(least));
  const built = await build('least', '--ram', String(least));
  assert.is(built.ramBytes, least);
  assert.is(planned.ramBytes, built.ramBytes);
  assert.is(planned.steps, built.steps);
  assert.ok(planned.chart.length > 8);
  const { stdout, stderr } = await cli(
    ...['build', 'graph.safetensors', '--target', 'wasm', '--ram', '1m', '--out', 'x'],
  );
  assert.match(stderr, new RegExp(`planned: ${fastest.ramBytes} B of RAM`), 'told before it is built');
  assert.match(stdout, new RegExp(`RAM: ${fastest.ramBytes} B`));
});

test('build --time: less RAM where more time is allowed, and one budget at a time', async () => {
  const inspect = (...args: string[]) => cli('inspect', '--plan', 'graph.safetensors', ...args);
  const ramOf = async (time: string) => JSON.parse((await inspect('--time', time, '--json')).stdout).ramBytes;
  assert.ok((await ramOf('5')) <= (await ramOf('1')));
  assert.is((await inspect('--time', '2', '--ram', '9k')).code, 2);
});

test('build --weights outside: weights in a file, read by every loader, and refused if they are not its own', async () => {
  const built = await build('outside', '--weights', 'outside', '--time', '40');
  assert.ok(built.files.includes('model.weights.bin'));
  assert.ok(built.bytes.outside > 0);
  const path = (name: string) => join(folder, 'outside', name);
  const inspected = await cliJson('inspect', 'outside');
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
    (error: Error) => assert.match(error.message, /needs its weights file/),
  );
  assert.throws(() => loadWasm(wasm), /needs its weights file/);
  weights[0]! ^= 1;
  assert.throws(() => loadWasm(wasm, weights), /these weights belong to another model than/);
  const short = weights.slice(0, 64);
  const text = Buffer.from(wasm).toString('latin1');
  const damaged = text.replace(/"outside":\[\d+,\d+/, (found) =>
    `"outside":[${short.length},${crc32(short)}`.padEnd(found.length),
  );
  assert.is(damaged.length, text.length);
  const stopped = loadWasm(Uint8Array.from(Buffer.from(damaged, 'latin1')), short);
  assert.throws(() => stopped.infer(pixels), /stopped: it reads weights \d+\.\.\d+, which do not exist/);
});

test('sizes and options that make no sense are refused', async () => {
  for (const ram of ['0', 'much', '-4k', '9999g'])
    assert.is((await cli('build', 'graph.safetensors', '--target', 'wasm', `--ram=${ram}`)).code, 2);
  const { code, stderr } = await cli('inspect', 'graph.safetensors', '--ram', '64k');
  assert.is(code, 2);
  assert.match(stderr, /hint: add --plan/);
});

test.after(() => rmSync(folder, { recursive: true }));
test.run();
