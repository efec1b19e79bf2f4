import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { boardOf } from '../../firmware-gen/boards/index.js';
import { classesCode } from '../../firmware-gen/model/classes.js';
import { modelData } from '../../firmware-gen/model-data.js';
import { requirePlace } from '../../firmware-gen/plan-board.js';
import { checkPrefix, withPrefix } from '../../firmware-gen/prefix.js';
import { emulate } from '../../host/device/emulate.js';
import { writeFiles } from '../../host/system/files.js';
import { emitFirmware } from '../../host/toolchain/build.js';
import { compileFirmware } from '../../host/toolchain/compile.js';
import { printModel } from '../../host/toolchain/model.js';
import { readShell } from '../../host/toolchain/shell.js';
import { type Graph, interpret, prove, readGraph, SpikeletError, writeGraph } from '../../models/index.js';
import { planModel } from '../../wasm/plan-model.js';
import { compareHere, compileHere, compileProgram, runHere, testSource } from '../support/firmware-host.js';
import { removeFolders, temporaryFolder } from '../support/firmware-project.js';
import { openSerial } from '../support/firmware-serial.js';
import { namesOfFiles } from '../support/names.js';
import { boardNeeds, gcc32 } from '../support/needs.js';
import { randomGraph, seeded } from '../support/random-graph.js';
import { renamed } from '../support/renamed.js';
import { testWith } from '../support/skip.js';
import { randomPixels } from '../support/wasm-models.js';

/** Names in firmware: those that files bring, those of two models in one program; and what its guard does. */
const board = boardOf('mps2-an386');
const graph = randomGraph(seeded(31), 5);
const images = [0, 1].map((seed) => randomPixels(graph, seeded(seed), 0.5));
const with32 = await testWith([gcc32]);

with32('a model whose names are whatever a file may hold compiles, and computes what it did', async () => {
  const nasty = namesOfFiles.filter((name) => name !== 'input').slice(-90);
  for (const start of [0, 45]) {
    const other = renamed(graph, nasty.slice(start), nasty[start + 2]!);
    const read = readGraph(writeGraph(other));
    const files = await printModel(planModel(read, { tier: 'swar' }));
    assert.is(compareHere(await compileHere(files, ['SPIKELET_CHECKED']), read, images), '2 equal');
  }
});

with32('spikelet_classes holds the names of the classes, to the byte', async () => {
  const classes = namesOfFiles.flatMap((name) => [name, '']);
  const data = { ...modelData(planModel(graph, { tier: 'swar' })), classes };
  const program = await compileProgram([
    { path: 'classes.c', contents: classesCode(data) },
    {
      path: 'spikelet.h',
      contents: `#define SPIKELET_CLASSES ${classes.length}\nextern const char *const spikelet_classes[SPIKELET_CLASSES];\n`,
    },
    {
      path: 'main.c',
      contents:
        '#include <stdio.h>\n#include <string.h>\n#include "spikelet.h"\nint main(void) {\n  for (int i = 0; i < SPIKELET_CLASSES; i++) fwrite(spikelet_classes[i], 1, strlen(spikelet_classes[i]) + 1, stdout);\n  return 0;\n}\n',
    },
  ]);
  assert.ok(runHere(program).stdout.equals(Buffer.from(classes.map((name) => `${name}\0`).join(''))));
});

with32(
  'spikelet_infer() answers 0 without a new image, from an interrupt, and where one spoilt it',
  async () => {
    const files = await printModel(planModel(graph, { tier: 'swar' }));
    const program = await compileProgram([...files, await testSource('guard.c')], ['SPIKELET_TRACE']);
    const { status, stdout, stderr } = runHere(
      program,
      Buffer.concat(images.map((image) => Buffer.from(image.buffer))),
    );
    assert.is(status, 0, String(stderr));
    const logits = new Int32Array(stdout.buffer.slice(stdout.byteOffset, stdout.byteOffset + stdout.length));
    assert.equal(
      [...logits],
      [0, 1, 0].flatMap((n) => [...interpret(graph, images[n]!)]),
    );
  },
);

const onBoard = await testWith(boardNeeds(board));

onBoard('a project of such names is made, and make calls nothing that a name says', async () => {
  const name = '$(shell touch made) `touch made` #%*/\\"\'??/';
  const other = readGraph(writeGraph(renamed(graph, [name, '../x', 'CON', 'linux', 'int'], name)));
  const folder = await temporaryFolder();
  const { files } = await compileFirmware(board, requirePlace(board, other), folder);
  for (const { path } of files) assert.match(path, /^[\w./-]+$/);
  for (const at of [folder, join(folder, 'shell'), join(folder, 'spikelet/src')])
    assert.not.ok(
      readdirSync(at).some((file) => file === 'made' || file.endsWith('.o')),
      at,
    );
  const { status, stdout } = spawnSync('make', ['-n', '-B'], { cwd: folder, encoding: 'utf8' });
  assert.is(status, 0);
  assert.not.match(stdout, 'touch');
});

onBoard('two models of different sizes in one program answer as the interpreter does', async () => {
  const models = { first: graph, second: randomGraph(seeded(163), 2) };
  models.second.classes = models.second.classes.map((_, i) => `class ${i}`);
  for (const model of Object.values(models)) prove(model);
  const folder = await temporaryFolder();
  await compileFirmware(board, requirePlace(board, models.first), folder, { prefix: 'first' });
  // The library of the other build, copied next to this one; the program is ours.
  const placed = requirePlace(board, models.second);
  const other = await temporaryFolder();
  const second = { prefix: 'second' };
  await writeFiles(
    other,
    await emitFirmware(board, placed, await printModel(placed.planned, 'second'), second),
  );
  cpSync(join(other, 'second'), join(folder, 'second'), { recursive: true });
  writeFileSync(join(folder, 'shell/main.c'), String((await testSource('two-models.c')).contents));
  const made = spawnSync('make', ['-s', 'MORE=second'], { cwd: folder, encoding: 'utf8' });
  assert.is(made.status, 0, made.stderr);

  const [a, b] = ['first', 'second'].map((name) => globals(join(folder, 'build', name, 'src')));
  assert.ok(a!.length > 10 && b!.length > 10);
  for (const symbol of a!) assert.match(symbol, /^first_/);
  for (const symbol of b!) assert.match(symbol, /^second_/);

  const program = { elf: join(folder, 'firmware.elf'), bin: join(folder, 'firmware.bin') };
  const emulation = await emulate(board, { program });
  const port = await openSerial(emulation.port);
  try {
    await port.greet();
    const ask = async (which: string, model: Graph, seed: number) => {
      const pixels = randomPixels(model, seeded(seed), 0.5);
      port.send(which);
      // What the board keeps of bytes that come while it computes.
      for (let at = 0; at < pixels.length; at += 512)
        port.send(new Uint8Array(pixels.buffer, at, Math.min(512, pixels.length - at)));
      const answer = await port.take(4 * model.classes.length);
      const logits = model.classes.map((_, i) => answer.readInt32LE(4 * i));
      assert.equal(logits, [...interpret(model, pixels)], `model ${which}, image ${seed}`);
    };
    for (const seed of [0, 1, 2]) {
      await ask('1', models.first, seed);
      await ask('2', models.second, seed + 10);
    }
    port.send('n');
    const last = models.second.classes.at(-1)!;
    assert.is(String(await port.take(last.length)), last);
  } finally {
    await port.close();
    await emulation.stop();
  }

  const cleaned = spawnSync('make', ['-s', 'clean'], { cwd: folder, encoding: 'utf8' });
  assert.is(cleaned.status, 0, cleaned.stderr);
  assert.equal(readdirSync(folder).sort(), [
    '.spikelet-files',
    'Makefile',
    'first',
    'graph.safetensors',
    'linker.ld',
    'second',
    'shell',
  ]);
});

/** Global symbols that the object files of a folder define. */
function globals(folder: string): string[] {
  const objects = readdirSync(folder).filter((name) => name.endsWith('.o'));
  const { stdout } = spawnSync('arm-none-eabi-nm', ['-g', '--defined-only', ...objects], {
    cwd: folder,
    encoding: 'utf8',
  });
  return stdout.split('\n').flatMap((line) => /^\w+ \w (\S+)$/.exec(line)?.[1] ?? []);
}

test('a prefix is a lower-case identifier that nothing else has', async () => {
  for (const good of ['a', 'b2', 'digits', 'wake_word', 'spikelet', 'a'.repeat(32)])
    assert.is(checkPrefix(good), good);
  const shell = (await readShell()).flatMap(({ path }) => /^(\w+)\.[ch]$/.exec(path)?.[1] ?? []);
  assert.ok(shell.length > 10);
  for (const bad of [
    ...[
      '',
      'A',
      'Digits',
      '2a',
      '_a',
      'a_',
      'a__b',
      'a-b',
      'a b',
      '../x',
      'a/b',
      'a.b',
      'é',
      'a\n',
      '$(x)',
      '-o',
    ],
    ...[
      'int',
      'class',
      'for',
      'linux',
      'stdint',
      'math',
      'con',
      'aux',
      'com1',
      'arduino',
      'platform',
      'shell',
    ],
    ...['build', 'a'.repeat(33), ...shell, 'constructor\0'],
  ])
    assert.throws(
      () => checkPrefix(bad),
      (error: unknown) =>
        error instanceof SpikeletError && error.code === 2 && /cannot be a prefix/.test(error.message),
      bad,
    );
});

test('the shell speaks of the library of its prefix alone', async () => {
  for (const { path, contents } of await readShell()) {
    const source = withPrefix(String(contents), 'digits');
    assert.not.match(source, /spikelet_|SPIKELET_|spikelet\.h"/, path);
  }
  assert.is(withPrefix('#include "spikelet.h"', 'digits'), '#include "digits.h"');
});

test('the library of another prefix has it in every file', async () => {
  const placed = requirePlace(board, graph);
  const files = await emitFirmware(board, placed, await printModel(placed.planned, 'digits'), {
    prefix: 'digits',
  });
  for (const { path, contents } of files) {
    if (typeof contents !== 'string' || path.startsWith('shell/')) continue;
    assert.not.match(path, /^spikelet/);
    assert.not.match(contents, /spikelet_|SPIKELET_|spikelet\.h|spikelet-/, path);
  }
  const library = (name: string) => String(files.find(({ path }) => path === `digits/${name}`)!.contents);
  assert.match(library('library.properties'), /^name=Spikelet digits\n/);
  assert.match(library('library.properties'), /^includes=digits\.h$/m);
  assert.is(JSON.parse(library('library.json')).headers, 'digits.h');
  for (const line of library('keywords.txt').trim().split('\n'))
    assert.match(library('src/digits.h'), new RegExp(`\\b${line.split('\t')[0]}\\b`));
  for (const [, source] of library('CMakeLists.txt').matchAll(/"(src\/[^"]+)"/g)) assert.ok(library(source!));
});

test.after(removeFolders);
test.run();
