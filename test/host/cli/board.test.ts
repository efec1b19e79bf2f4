import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { boardOf } from '../../../firmware-gen/boards/index.js';
import { readNetImage } from '../../../host/data/image.js';
import { encodeFrame } from '../../../host/device/link-frames.js';
import type { Profile } from '../../../host/run/profile.js';
import { interpret, pixelTable, prove, rawToPixels, writeGraph } from '../../../models/index.js';
import { cli, cliJson } from '../../support/cli-in-process.js';
import { main } from '../../support/command.js';
import { boardNeeds, socat } from '../../support/needs.js';
import { createPty } from '../../support/pty.js';
import { below, randomGraph, seeded } from '../../support/random-graph.js';
import { areThere, testWith } from '../../support/skip.js';

/** verify --against firmware, profile and monitor on the real command line, with an emulated board and real serial ports. */
const folder = mkdtempSync(join(tmpdir(), 'spikelet board-'));
const BOARD = 'mps2-an386';

const write = (name: string, seed: number) => {
  const graph = randomGraph(seeded(seed), 4);
  prove(graph);
  writeFileSync(join(folder, name), writeGraph(graph));
  return graph;
};
const graph = write('graph.safetensors', 5);
write('other.safetensors', 2);

/** Images of the graph's size. */
const [height, width, channels] = graph.tensors['input']!.shape;
const IMAGES = 3;
mkdirSync(join(folder, 'images'));
const random = seeded(1);
for (let i = 0; i < IMAGES; i++)
  await sharp(
    Uint8Array.from({ length: height * width * 3 }, () => below(random, 256)),
    {
      raw: { width, height, channels: 3 },
    },
  )
    .png()
    .toFile(join(folder, 'images', `${i}.png`));

process.chdir(folder);

const verify = ['verify', 'graph.safetensors', '--against', 'firmware', '--data', 'images=images'];

const needs = boardNeeds(boardOf(BOARD));
const onBoard = await testWith(needs);
if (await areThere(needs))
  await cliJson('build', 'graph.safetensors', '--target', 'firmware', '--board', BOARD, '--out', 'firmware');

onBoard('verify --against firmware: every tensor of every sample, on an emulated board', async () => {
  const { stdout, code } = await cli(...verify, '--build', 'firmware');
  assert.is(code, 0);
  assert.match(stdout, `${IMAGES} of ${IMAGES} samples equal at every tensor on ${BOARD}`);
  const result = await cliJson(...verify, '--build', 'firmware', '--count', '1');
  assert.equal(
    [result['samples'], result['equal'], result['firstDifference'], result['board']],
    [1, 1, null, BOARD],
  );
});

onBoard('a board that computes something else: the first layer that differs, and exit code 4', async () => {
  cpSync(join(folder, 'firmware'), join(folder, 'broken'), { recursive: true });
  const constants = join(folder, 'broken/spikelet/src/weights.c');
  const code = readFileSync(constants, 'utf8');
  // The last layer's first scale: all layers before it stay equal.
  const at = code.lastIndexOf('.multiplier = {');
  const changed = code.slice(at).replace(/\d+/, (number) => String(2 * Number(number) + 1));
  writeFileSync(constants, code.slice(0, at) + changed);
  const make = spawnSync('make', ['-s'], { cwd: join(folder, 'broken'), encoding: 'utf8' });
  assert.is(make.status, 0, make.stderr);
  const run = await cli(...verify, '--build', 'broken');
  assert.is(run.code, 4, run.stderr);
  assert.match(run.stdout, `first difference: sample 0, tensor '${graph.nodes.at(-1)!.output}'`);
});

onBoard('firmware of another graph is told before anything is compared', async () => {
  const { code: ended, stderr } = await cli(
    ...['verify', 'other.safetensors', '--against', 'firmware', '--build', 'firmware'],
    ...['--data', 'images=images'],
  );
  assert.is(ended, 1);
  assert.match(stderr, /the firmware on mps2-an386 computes 'random' \(graph [0-9a-f]{8}\), not 'random'/);
  assert.match(stderr, /hint: build this graph with 'spikelet build/);
});

onBoard('profile: spikes are those of the interpreter, the layers make up the whole', async () => {
  const profile: Profile = await cliJson('profile', 'firmware', '--data', 'images=images');
  assert.equal([profile.samples, profile.counts, profile.total.seconds], [IMAGES, 'instructions', null]);
  assert.equal(
    profile.layers.map(({ layer }) => layer),
    graph.nodes.map(({ name }) => name),
  );
  const costs = profile.layers.reduce((sum, { cost }) => sum + cost!, 0);
  assert.ok(costs <= profile.total.cost && costs > 0.95 * profile.total.cost, `${costs}`);

  const sums = new Map<string, { spikes: number; active: number; values: number }>();
  for (let i = 0; i < IMAGES; i++) {
    const raw = await readNetImage(join(folder, 'images', `${i}.png`), [height, width, channels]);
    interpret(graph, rawToPixels(pixelTable(graph), raw), (name, values) => {
      const sum = sums.get(name) ?? { spikes: 0, active: 0, values: 0 };
      for (const value of values) {
        sum.spikes += value;
        sum.active += Number(value !== 0);
        sum.values++;
      }
      sums.set(name, sum);
    });
  }
  for (const [i, node] of graph.nodes.entries()) {
    if (node.op === 'attend') continue;
    const name = node.op === 'accumulate' || node.op === 'fire' || node.op === 'pool' ? node.input : '';
    const { spikes, active, values } = sums.get(name)!;
    const { spikesIn, density } = profile.layers[i]!;
    assert.ok(Math.abs(density - active / values) < 1e-9, node.name);
    if (graph.tensors[name]!.kind === 'spikes')
      assert.ok(Math.abs(spikesIn! - spikes / IMAGES) < 1e-6, node.name);
    else assert.is(spikesIn, null);
  }
  const { stdout } = await cli('profile', 'firmware', '--data', 'images=images', '--count', '1');
  assert.match(stdout, /^layer +op +instructions +share +spikes in +density +SOPs +weights read$/m);
  assert.match(stdout, /^one inference: \d+ instructions; /m);
});

test('usage: a board or a port is needed; a folder says which board it is for', async () => {
  for (const [args, message] of [
    [verify, '--board is needed'],
    [[...verify, '--board', 'abacus'], "there is no board 'abacus'"],
    [[...verify, '--build', 'images'], 'images is not a project for a board'],
    [['profile', 'graph.safetensors', '--board', BOARD], '--data is needed'],
  ] as [string[], string][]) {
    const { code, stderr } = await cli(...args);
    assert.is(code, 2, stderr);
    assert.match(stderr, message);
  }
  const absent = await cli(...verify, '--port', '/dev/absent');
  assert.is(absent.code, 3);
  assert.match(absent.stderr, 'there is no port /dev/absent');
});

const withSocat = await testWith([socat]);
/** The command line, running; `heard` grows. */
const start = (...args: string[]) => {
  const child = spawn(process.execPath, [main, ...args], { cwd: folder });
  const heard = { out: '', error: '' };
  child.stdout.on('data', (text) => (heard.out += text));
  child.stderr.on('data', (text) => (heard.error += text));
  return { child, heard, code: new Promise<number | null>((done) => child.once('exit', done)) };
};
const until = async (what: () => boolean, child: ChildProcess, told: () => string) => {
  for (let tries = 0; !what(); tries++) {
    assert.ok(tries < 1500 && child.exitCode === null, `it does not come: ${told()}`);
    await new Promise((done) => setTimeout(done, 20));
  }
};

withSocat('a port behind which nothing answers, or something else: exit code 3, and what to do', async () => {
  for (const [answer, message, hint] of [
    ['', /error: \S+ is silent/, /hint: check the cable and the power/],
    [
      '\xff\x00\xfe~',
      /error: \S+ sends bytes, but spikelet's firmware does not answer/,
      /hint: does --baud match/,
    ],
  ] as const) {
    const pty = await createPty();
    pty.onBytes((bytes) => {
      if (answer) pty.write(Buffer.from(answer.repeat(bytes.length), 'latin1'));
    });
    const { heard, code } = start(...verify, '--port', pty.path);
    assert.is(await code, 3);
    await pty.close();
    assert.match(heard.error, message);
    assert.match(heard.error, hint);
  }
});

withSocat('monitor: text as it comes, frames in a line each, what is typed; Ctrl-C is 130', async () => {
  const pty = await createPty();
  let got = '';
  pty.onBytes((bytes) => (got += Buffer.from(bytes).toString()));
  const { child, heard, code } = start('monitor', '--port', pty.path);
  const both = () => heard.out + heard.error;
  await until(() => heard.error.includes('Ctrl-C ends'), child, both);
  pty.write(Buffer.from('m-ready\r\n\x1b[2Jhalf a'));
  await until(() => heard.out.includes('\\x1b[2Jhalf a\n'), child, both);
  pty.write(Buffer.from(encodeFrame({ sequence: 7, kind: 0x81, payload: Uint8Array.of(1, 2) })));
  pty.write(Buffer.from([0, 0x91, 0x92, 0]));
  await until(() => heard.out.includes('neither'), child, both);
  assert.is(
    heard.out,
    'm-ready\n\\x1b[2Jhalf a\n[answer to hello, 7: 2 B 0102]\n[2 B that are neither text nor a frame]\n',
  );
  child.stdin.write('name%\n');
  await until(() => got === 'name%\n', child, both);
  child.kill('SIGINT');
  assert.is(await code, 130);
  await pty.close();
});

withSocat('monitor --json: a line for each; a device that vanishes is 3', async () => {
  const pty = await createPty();
  const { child, heard, code } = start('monitor', '--port', pty.path, '--json');
  const both = () => heard.out + heard.error;
  await until(() => heard.error.includes('Ctrl-C ends'), child, both);
  pty.write(Buffer.from('text\n'));
  pty.write(Buffer.from(encodeFrame({ sequence: 1, kind: 0xff, payload: Uint8Array.of(3, 5) })));
  await until(() => heard.out.split('\n').length === 3, child, both);
  const [text, frame] = heard.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.is(text.text, 'text');
  assert.equal([frame.frame, frame.sequence, frame.kind, frame.payload], ['refusal', 1, 255, '0305']);
  assert.ok(frame.seconds >= text.seconds && text.seconds >= 0);
  await pty.close();
  assert.is(await code, 3);
  assert.match(heard.error, /error: \S+ is gone/);
});

test.after(() => rmSync(folder, { recursive: true, force: true }));
test.run();
