import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readNet, writeGraph } from '../../../models/index.js';
import { command, main, type Ran } from '../../support/command.js';
import { tinyGraph } from '../../support/wasm-models.js';

/** Signals, a folder that is gone, and two writers, in processes of their own. */
const folder = mkdtempSync(join(tmpdir(), 'spikelet interrupt-'));
const at = (name: string) => join(folder, name);

const spikelet = (args: string[], options: Partial<Parameters<typeof command>[1]> = {}) =>
  command(args, { cwd: folder, ...options });

const training = ['train', '--model', 'mini', '--data', 'gestures:train=256,test=16', '--batch', '16'];
const temporary = () => readdirSync(folder).filter((name) => name.endsWith('.tmp'));

test('SIGTERM ends training like Ctrl-C, with its own exit code', async () => {
  const args = [...training, '--epochs', '50', '--out', 'term.safetensors'];
  const { code, stderr } = await spikelet(args, { when: /epoch 1\/50/, signals: ['SIGTERM'] });
  assert.is(code, 143, stderr);
  assert.match(stderr, /--resume term\.checkpoint\.safetensors/);
  assert.ok(existsSync(at('term.checkpoint.safetensors')));
  assert.not.ok(existsSync(at('term.safetensors')));
  assert.match(stderr, /^reading the data/);
  assert.equal(temporary(), []);
});

test('a second Ctrl-C ends training at once, and leaves what is whole', async () => {
  const args = [...training, '--epochs', '50', '--out', 'twice.safetensors'];
  const { code, stderr } = await spikelet(args, {
    when: /epoch 1\/50/,
    signals: ['SIGINT', 'SIGINT', 'SIGINT'],
  });
  assert.is(code, 130, stderr);
  assert.not.match(stderr, /itself failed/);
  assert.not.ok(existsSync(at('twice.safetensors')));
  assert.ok(readFileSync(at('twice.checkpoint.safetensors')).length > 1000);
  assert.equal(temporary(), []);
});

writeFileSync(at('graph.safetensors'), writeGraph(tinyGraph()));
mkdirSync(at('photos'));
for (let i = 0; i < 60; i++)
  await sharp({
    create: { width: 28, height: 28, channels: 3, background: { r: 4 * i, g: 9, b: 99 } },
  }).toFile(at(`photos/${String(i).padStart(2, '0')}.png`));
const evaluating = ['run', 'graph.safetensors', '--input', 'photos', '--results'];

test('a folder that is stopped goes on to the same bytes', async () => {
  const whole = await spikelet([...evaluating, 'whole.jsonl']);
  assert.is(whole.code, 0, whole.stderr);
  const lines = readFileSync(at('whole.jsonl'), 'utf8');
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    rmSync(at('part.jsonl'), { force: true });
    const stopped = await stoppedAtFirstLine(signal);
    assert.is(stopped.code, signal === 'SIGINT' ? 130 : 143, stopped.stderr);
    assert.ok(lines.startsWith(readFileSync(at('part.jsonl'), 'utf8')));
    assert.is((await spikelet([...evaluating, 'part.jsonl'])).code, 0);
    assert.is(readFileSync(at('part.jsonl'), 'utf8'), lines);
  }
});

/** A run that is stopped once its first result is in the file. */
function stoppedAtFirstLine(signal: NodeJS.Signals): Promise<{ code: number | null; stderr: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [main, ...evaluating, 'part.jsonl'], { cwd: folder });
    let stderr = '';
    child.stderr.on('data', (text: Buffer) => (stderr += text));
    const look = setInterval(() => {
      if (!existsSync(at('part.jsonl')) || !readFileSync(at('part.jsonl')).length) return;
      clearInterval(look);
      child.kill(signal);
    }, 5);
    child.on('close', (code) => {
      clearInterval(look);
      resolve({ code, stderr });
    });
  });
}

test('two writers of one file: one works, the other says why not', async () => {
  const runs = await Promise.all([1, 2].map(() => spikelet([...evaluating, 'both.jsonl'])));
  assert.equal(
    readFileSync(at('both.jsonl'), 'utf8'),
    readFileSync(at('whole.jsonl'), 'utf8'),
    'every image once',
  );
  for (const { code, stderr } of runs)
    if (code !== 0) assert.match(stderr, /is being written by another spikelet/, stderr);
  assert.ok(runs.some(({ code }) => code === 0));
  const trained = await Promise.all(
    [1, 2].map(() => spikelet([...training, '--epochs', '2', '--out', 'both.safetensors'])),
  );
  for (const { code, stderr } of trained)
    if (code !== 0) assert.match(stderr, /is being written by another spikelet/, stderr);
  assert.ok(trained.some(({ code }) => code === 0));
  assert.is(readNet(readFileSync(at('both.safetensors'))).name, 'mini');
  const built = await Promise.all(
    [1, 2].map(() => spikelet(['build', 'graph.safetensors', '--target', 'wasm', '--out', 'both'])),
  );
  assert.ok(built.some(({ code }) => code === 0));
  assert.is((await spikelet(['inspect', 'both'])).code, 0);
  assert.equal(temporary(), []);
});

test('a current folder that is gone is an error for people, not a defect', async () => {
  const graph = at('graph.safetensors');
  for (const args of [
    ['quantize', graph, '--data', 'gestures'],
    ['build', graph, '--target', 'wasm'],
    ['run', graph, '--input', at('photos')],
    ['verify', graph, '--against', 'wasm', '--data', 'nope'],
    ['inspect', 'graph.safetensors'],
    ['train', '--model', 'mini', '--data', 'gestures:train=8,test=8'],
  ]) {
    const cwd = at('gone');
    mkdirSync(cwd);
    // The shell enters the folder, then it goes, then spikelet starts.
    const run = await new Promise<Ran>((resolve) => {
      const child = spawn('sh', ['-c', 'rmdir "$PWD" && exec "$@"', 'sh', process.execPath, main, ...args], {
        cwd,
      });
      const said: Ran = { code: null, signal: null, stdout: '', stderr: '' };
      child.stderr.on('data', (text: Buffer) => (said.stderr += text));
      child.on('close', (code) => resolve({ ...said, code }));
    });
    assert.ok(run.code === 1 || run.code === 2, `${args[0]}: ${run.code} ${run.stderr}`);
    assert.not.match(run.stderr, /itself failed|\n\s+at /);
    assert.match(run.stderr, /hint: /);
  }
  assert.is((await spikelet(['inspect', graph])).code, 0);
});

test.after(() => rmSync(folder, { recursive: true, force: true }));
test.run();
