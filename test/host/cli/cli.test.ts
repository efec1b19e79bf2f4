import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readSafetensors } from '../../../models/index.js';
import { cli, type Said } from '../../support/cli-in-process.js';
import { command, type Ran } from '../../support/command.js';
import { reference } from '../../support/needs.js';
import { shared } from '../../support/shared.js';
import { type Need, testWith } from '../../support/skip.js';

/** The command line: in this process, which is quicker, or in one of its own where signals and its start count. */
const folder = mkdtempSync(join(tmpdir(), 'spikelet cli-'));

/** In this process, which starts no other; `args` are those of the program. */
async function spikelet(args: string[]): Promise<Said> {
  process.chdir(folder);
  return cli(...args);
}

/** In a process of its own. */
const apart = (args: string[], options: Partial<Parameters<typeof command>[1]> = {}) =>
  command(args, { cwd: folder, ...options });

const json = (run: Said | Ran) => {
  assert.is(run.code, 0, run.stderr);
  return JSON.parse(run.stdout.trim().split('\n').at(-1)!);
};

/** One error with a hint, no stack trace, the right exit code. */
function fails(run: Said | Ran, code: number, text: RegExp): void {
  assert.is(run.code, code, run.stderr);
  assert.match(run.stderr, text);
  assert.not.match(run.stderr, /\n\s+at .*:\d+:\d+/);
  assert.is(run.stderr.match(/error: /g)?.length, 1, run.stderr);
}

const leftovers = () => readdirSync(folder).filter((name) => name.endsWith('.tmp'));

/** A striped image of 28x28: class 0 across, class 1 down. */
const stripe = (label: number, pixel: number): number =>
  (label === 0 ? Math.floor(pixel / 28) : pixel % 28) % 4 < 2 ? 220 : 20;

/** An IDX folder of such images with some noise. */
function makeIdx(name: string): string {
  const header = (sizes: number[]) => {
    const bytes = new Uint8Array(4 + 4 * sizes.length);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, 0x800 + sizes.length);
    for (const [i, size] of sizes.entries()) view.setUint32(4 + 4 * i, size);
    return bytes;
  };
  const path = join(folder, name);
  mkdirSync(path);
  for (const [prefix, count] of [
    ['train', 240],
    ['t10k', 20],
  ] as const) {
    const images = Uint8Array.from(
      { length: count * 784 },
      (_, i) => stripe(Math.floor(i / 784) % 2, i % 784) + ((i * 31) % 17),
    );
    writeFileSync(
      join(path, `${prefix}-images-idx3-ubyte`),
      [header([count, 28, 28]), images].reduce(joinBytes),
    );
    const labels = Uint8Array.from({ length: count }, (_, i) => i % 2);
    writeFileSync(join(path, `${prefix}-labels-idx1-ubyte`), joinBytes(header([count]), labels));
  }
  return `idx=${path}`;
}

const joinBytes = (a: Uint8Array<ArrayBuffer>, b: Uint8Array<ArrayBuffer>) => new Uint8Array([...a, ...b]);

const data = makeIdx('two sides');
const [net, graph, build] = ['net.safetensors', 'graph.safetensors', 'build'];
const training = ['train', '--model', 'mini', '--data', data, '--batch', '16', '--seed', '3'];

test('train, quantize, build, run, verify, inspect: the whole way', async () => {
  const trained = await apart([...training, '--epochs', '4', '--out', net, '--json']);
  const { accuracy } = json(trained);
  assert.is(trained.stdout.trim().split('\n').length, 5, 'a JSON line per epoch and the result');
  assert.ok(accuracy >= 0.9, `accuracy ${accuracy}`);
  const quantized = json(
    await apart(['quantize', net, '--data', data, '--bits', '6', '--out', graph, '--json']),
  );
  assert.ok(quantized.accuracy.graph >= 0.9);
  const built = json(await apart(['build', graph, '--target', 'wasm', '--out', build, '--json']));
  assert.equal(built.files, ['model.wasm', 'model.mjs', 'model.d.mts']);
  const verified = json(
    await apart([
      'verify',
      graph,
      '--against',
      'wasm',
      '--build',
      build,
      '--data',
      data,
      '--count',
      '20',
      '--json',
    ]),
  );
  assert.is(verified.samples, 20);
  assert.is(verified.equal, 20);
  assert.is(verified.firstDifference, null);
  const threaded = ['verify', graph, '--against', 'wasm', '--threads', '3', '--data', data, '--count', '20'];
  assert.is(json(await spikelet([...threaded, '--json'])).equal, 20);
  const image = Buffer.from(Uint8Array.from({ length: 784 }, (_, i) => stripe(1, i)));
  await sharp(image, { raw: { width: 28, height: 28, channels: 1 } })
    .png()
    .toFile(join(folder, 'down.png'));
  for (const model of [build, graph, net])
    assert.is(json(await spikelet(['run', model, '--input', 'down.png', '--json'])).class, '1', model);
  for (const [file, kind] of [
    [net, 'net'],
    [graph, 'graph'],
    [build, 'wasm'],
  ] as const)
    assert.is(json(await spikelet(['inspect', file, '--json'])).kind, kind);
  assert.equal(leftovers(), []);
});

test('a module that differs: exit code 4, and the tensor by name', async () => {
  const path = join(folder, build, 'model.wasm');
  const original = readFileSync(path);
  const { bytes } = json(await spikelet(['inspect', build, '--json']));
  // The constants are the last data of the module before its description: some weights in their middle change.
  const damaged = Buffer.from(original);
  const end = original.length - Math.floor(bytes.constants / 3) - 2000;
  for (let at = end - Math.floor(bytes.constants / 3); at < end; at += 7) damaged[at] = damaged[at]! ^ 0x05;
  writeFileSync(path, damaged);
  const run = await spikelet([
    'verify',
    graph,
    '--against',
    'wasm',
    '--build',
    build,
    '--data',
    data,
    '--count',
    '5',
    '--json',
  ]);
  writeFileSync(path, original);
  assert.is(run.code, 4, run.stderr);
  assert.type(JSON.parse(run.stdout).firstDifference.tensor, 'string');
});

test('Ctrl-C leaves a checkpoint, and resuming ends in the same bytes', async () => {
  const args = [...training, '--epochs', '3'];
  assert.is((await spikelet([...args, '--out', 'whole.safetensors'])).code, 0);
  const interrupt = { when: /epoch 1\/3/, signals: ['SIGINT' as const] };
  const stopped = await apart([...args, '--out', 'part.safetensors'], interrupt);
  fails(stopped, 130, /--resume part\.checkpoint\.safetensors --out part\.safetensors/);
  assert.not.ok(existsSync(join(folder, 'part.safetensors')));
  const resumed = await apart([
    'train',
    '--resume',
    'part.checkpoint.safetensors',
    '--out',
    'part.safetensors',
  ]);
  assert.is(resumed.code, 0, resumed.stderr);
  assert.equal(
    readFileSync(join(folder, 'part.safetensors')),
    readFileSync(join(folder, 'whole.safetensors')),
  );
  const other = ['train', '--resume', 'part.checkpoint.safetensors', '--model', 'tiny'];
  fails(await spikelet(other), 1, /is a checkpoint of 'mini', not of 'tiny'/);
  fails(await spikelet(['train', '--resume', net]), 1, /is not a training checkpoint/);
});

test('wrong usage: exit code 2 and a hint', async () => {
  fails(await spikelet(['train']), 2, /--data is needed/);
  fails(await spikelet(['train', '--model', 'nope']), 2, /choose one of mini, tiny/);
  fails(await spikelet(['train', '--model', 'mini', '--data', 'nope']), 2, /unknown dataset 'nope'/);
  fails(await spikelet([...training, '--dims', '8,8,8,8']), 2, /'mini' has no --dims/);
  fails(await spikelet(['train', '--model', 'mini', '--data', 'gestures', '--flip']), 2, /another class/);
  // Told before 100,000 images are simulated, which takes minutes.
  const many = 'gestures:train=100000';
  fails(await spikelet(['quantize', net, '--data', many]), 2, /takes images of 28 x 28 x 1/);
  fails(
    await spikelet(['verify', graph, '--against', 'wasm', '--data', many]),
    2,
    /takes images of 28 x 28 x 1/,
  );
  const build = ['--build', net, '--data', many];
  fails(
    await spikelet(['verify', graph, '--against', 'wasm', ...build]),
    1,
    /it is not a valid WebAssembly module/,
  );
  fails(await spikelet(['nope']), 2, /unknown command/);
});

test('what cannot be read or written: exit code 1, nothing half-written', async () => {
  fails(await spikelet(['inspect', 'nowhere']), 1, /no such file or folder/);
  fails(await spikelet(['inspect', '/dev/zero']), 1, /not a regular file/);
  fails(await spikelet(['quantize', graph, '--data', data]), 1, /is a Graph, a Net is needed/);
  fails(await spikelet(['build', graph, '--target', 'wasm', '--out', net]), 1, /part of the path is a file/);
  fails(await spikelet([...training, '--out', build]), 1, /it is a folder/);
  fails(await spikelet([...training, '--metrics', 'no/where']), 1, /cannot write the metrics/);
  symlinkSync(graph, join(folder, 'link.safetensors'));
  assert.is(
    (await spikelet(['quantize', net, '--data', data, '--out', 'link.safetensors', '--count', '0'])).code,
    0,
  );
  assert.ok(
    readdirSync(folder, { withFileTypes: true })
      .find(({ name }) => name === 'link.safetensors')!
      .isSymbolicLink(),
  );
  assert.equal(leftovers(), []);
});

const disk = join(folder, 'small disk');
mkdirSync(disk);
/** Mounted while the needs are looked at, so that the test finds it there. */
const smallDisk: Need = {
  name: 'a small disk',
  install: 'root mounts it: sudo npm test',
  find: () => spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=24k', 'tmpfs', disk]).status === 0,
};
(await testWith([smallDisk]))('a full disk: the old file stays, nothing else is left', async () => {
  const out = join(disk, 'graph.safetensors');
  try {
    writeFileSync(out, 'old');
    const run = await spikelet([
      'quantize',
      net,
      '--data',
      data,
      '--bits',
      '8',
      '--out',
      out,
      '--count',
      '0',
      '--force',
    ]);
    fails(run, 1, /the disk is full/);
    assert.is(readFileSync(out, 'utf8'), 'old');
    fails(await spikelet(['build', graph, '--target', 'wasm', '--out', disk]), 1, /the disk is full/);
    assert.equal(readdirSync(disk), ['graph.safetensors']);
  } finally {
    spawnSync('umount', [disk]);
  }
});

test('spikelet.config.ts gives options, flags win, and what it says is checked', async () => {
  const cwd = mkdtempSync(join(tmpdir(), 'spikelet config-'));
  const write = (body: string) =>
    writeFileSync(
      join(cwd, 'spikelet.config.ts'),
      `import { defineConfig } from 'spikelet';\nexport default defineConfig(${body});\n`,
    );
  const verify = ['verify', join(folder, graph), '--json'];
  write(`{ verify: { against: 'wasm', data: ${JSON.stringify(data)}, count: 3 } }`);
  assert.is(json(await apart(verify, { cwd })).samples, 3);
  assert.is(json(await apart([...verify, '--count', '2'], { cwd })).samples, 2);
  write('{ quantize: { bits: 7 } }');
  fails(await apart(['quantize', join(folder, net)], { cwd }), 2, /quantize\.bits is 7/);
  write('{ train: { epoch: 1 } }');
  fails(await apart(['train'], { cwd }), 2, /no option 'epoch'/);
  write('null');
  fails(await apart(['train'], { cwd }), 2, /exports no configuration/);
  rmSync(cwd, { recursive: true });
});

const nano = shared('vectors/espikeformer-nano');
(await testWith([reference('vectors/espikeformer-nano')]))(
  'import a checkpoint, trace it, run it on a folder of images and go on after a stop',
  async () => {
    const imported = json(
      await spikelet(['import', `${nano}/checkpoint-199.pth`, '--out', 'nano.safetensors', '--json']),
    );
    assert.is(imported.parameters, 324418);
    assert.ok(imported.notes.some((note: string) => /heads 4: assumed/.test(note)));
    const trace = ['--input', `${nano}/io.safetensors`, '--trace', 'trace.safetensors', '--json'];
    const traced = json(await spikelet(['run', 'nano.safetensors', ...trace]));
    assert.is(traced.images, 5);
    const reference = readSafetensors(readFileSync(`${nano}/io.safetensors`)).tensors.get('logits')!;
    for (const [i, logit] of traced.logits.flat().entries())
      assert.ok(Math.abs(logit - Number(reference.data[i])) < 1e-5);
    const written = readSafetensors(readFileSync(join(folder, 'trace.safetensors'))).tensors;
    assert.equal(written.get('block3.0.attn.attn_spike')!.shape, [1, 128, 16]);
    assert.is(written.size, 106);

    for (const label of ['0', '7']) {
      mkdirSync(join(folder, 'photos', label), { recursive: true });
      const background = { r: 30 * Number(label), g: 90, b: 200 };
      for (const name of ['a.png', 'b.webp'])
        await sharp({ create: { width: 90, height: 70, channels: 3, background } }).toFile(
          join(folder, 'photos', label, name),
        );
    }
    const run = ['run', 'nano.safetensors', '--input', 'photos', '--results', 'results.jsonl', '--json'];
    const first = json(await spikelet(run));
    assert.is(first.labelled, 4);
    assert.is(first.resumed, 0);
    // As after a stop in the middle of the last line.
    const lines = readFileSync(join(folder, 'results.jsonl'), 'utf8');
    writeFileSync(join(folder, 'results.jsonl'), lines.slice(0, -10));
    const again = json(await spikelet(run));
    assert.is(again.resumed, 3);
    assert.equal([again.top1, again.top5], [first.top1, first.top5]);
    fails(await spikelet(['import', `${nano}/io.safetensors`]), 1, /no architecture that spikelet knows/);
    fails(
      await spikelet(['run', 'nano.safetensors', '--input', 'down.png', '--trace', 'x']),
      2,
      /needs a .safetensors input/,
    );
  },
);

test('help, version and doctor', async () => {
  assert.match((await apart(['--help'])).stdout, /quantize .*turn a Net/);
  assert.match((await apart(['--version'])).stdout, /^\d+\.\d+\.\d+\n$/);
  const { packages } = json(await apart(['doctor', '--json']));
  const gpu = packages.find(({ name }: { name: string }) => name === '@tensorflow/tfjs-node-gpu');
  assert.match(gpu.install, 'npm install --save-dev @tensorflow/tfjs-node-gpu@4.22.0');
  assert.not.match((await apart(['doctor'])).stdout, '\x1b[');
});

test.after(() => rmSync(folder, { recursive: true, force: true }));
test.run();
