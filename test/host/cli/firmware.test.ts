import { spawnSync } from 'node:child_process';
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
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { boardOf, boards } from '../../../firmware-gen/boards/index.js';
import { toolchainOf } from '../../../firmware-gen/toolchain.js';
import { prove, writeGraph } from '../../../models/index.js';
import { cli, cliJson, cliOnPath } from '../../support/cli-in-process.js';
import { boardNeeds, gxx, gxxFor } from '../../support/needs.js';
import { randomGraph, seeded } from '../../support/random-graph.js';
import { testWith } from '../../support/skip.js';

/** build --target firmware, boards and doctor on the command line. */
const folder = mkdtempSync(join(tmpdir(), 'spikelet firmware-'));
const graph = randomGraph(seeded(31), 5);
prove(graph);
writeFileSync(join(folder, 'graph.safetensors'), writeGraph(graph));

process.chdir(folder);

const build = (board: string, out: string, ...args: string[]) => [
  ...['build', 'graph.safetensors', '--target', 'firmware', '--board', board, '--out', out],
  ...args,
];

const withCompiler = await testWith(boardNeeds(boardOf('mps2-an386'), false));

withCompiler(
  'build --target firmware: a project that make builds again, in the bytes that were predicted',
  async () => {
    const result = await cliJson(...build('mps2-an386', 'firmware'));
    const { predicted, linked } = result;
    assert.is(linked.model.constants, predicted.weights + predicted.constants);
    assert.is(linked.model.ram, predicted.arena);
    for (const file of [...result.files, ...result.products.map((path: string) => path.slice(9))])
      assert.ok(existsSync(join(folder, 'firmware', file)), file);
    const bin = join(folder, 'firmware', 'firmware.bin');
    const first = readFileSync(bin);
    assert.equal(
      readdirSync(join(folder, 'firmware/spikelet'), { recursive: true }).filter((name) =>
        /\.o$/.test(String(name)),
      ),
      [],
    );
    for (const target of ['clean', 'all']) {
      const { status, stderr } = spawnSync('make', ['-s', '-C', 'firmware', target], {
        cwd: folder,
        encoding: 'utf8',
      });
      assert.is(status, 0, stderr);
      assert.is(stderr, '');
    }
    assert.ok(first.equals(readFileSync(bin)), 'the same bytes');
    const { stdout, stderr } = await cli(...build('mps2-an386', 'firmware'));
    assert.match(
      stdout,
      new RegExp(`weights and other constants +${linked.model.constants} +${linked.model.constants}`),
    );
    assert.match(stderr, `planned: ${predicted.arena} B of RAM`);
  },
);

withCompiler(
  'less RAM is another plan; what does not fit is refused before anything is written',
  async () => {
    const fastest = (await cliJson(...build('mps2-an386', 'a'))).predicted.arena;
    const refused = await cli(...build('mps2-an386', 'none', '--ram', '16'));
    assert.is(refused.code, 1);
    assert.match(refused.stderr, /error: .* does not fit on mps2-an386: .*the smallest plan takes \d+ B/);
    assert.match(refused.stderr, /hint: it fits without --time, and with --ram \d+/);
    assert.not.ok(existsSync(join(folder, 'none')));
    const least = Number(/the smallest plan takes (\d+) B/.exec(refused.stderr)![1]);
    assert.ok(least <= fastest);
    const { linked } = await cliJson(...build('mps2-an386', 'b', '--ram', String(least)));
    assert.is(linked.model.ram, least);
  },
);

const vendors = await cliJson(...build('esp32-s3', 'esp'));

test('a board of a vendor with its own build system gets the library alone', () => {
  const { files, linked } = vendors;
  assert.is(linked, undefined);
  assert.ok(files.every((path: string) => path.startsWith('spikelet/')));
  const component = readFileSync(join(folder, 'esp/spikelet/CMakeLists.txt'), 'utf8');
  for (const [, source] of component.matchAll(/"(src\/[^"]+)"/g))
    assert.ok(existsSync(join(folder, 'esp/spikelet', source!)), source);
  assert.is(
    JSON.parse(readFileSync(join(folder, 'esp/spikelet/library.json'), 'utf8')).headers,
    'spikelet.h',
  );
  assert.match(readFileSync(join(folder, 'esp/spikelet/library.properties'), 'utf8'), 'includes=spikelet.h');
});

test('the library has what Arduino, PlatformIO and ESP-IDF look for', () => {
  const read = (name: string) => readFileSync(join(folder, 'esp/spikelet', name), 'utf8');
  const properties = new Map(
    read('library.properties')
      .trim()
      .split('\n')
      .map((line) => line.split('=') as [string, string]),
  );
  for (const name of [
    'name',
    'version',
    'author',
    'maintainer',
    'sentence',
    'paragraph',
    'category',
    'url',
    'architectures',
  ])
    assert.ok(properties.get(name), name);
  const { name, version, examples } = JSON.parse(read('library.json'));
  assert.is(name, properties.get('name'));
  assert.match(version, /^\d+\.\d+\.\d+$/);
  for (const manifest of [properties.get('version'), read('idf_component.yml')])
    assert.match(manifest!, version);
  for (const { base, files } of examples)
    for (const file of files) assert.ok(existsSync(join(folder, 'esp/spikelet', base, file)), file);
  for (const line of read('keywords.txt').trim().split('\n')) {
    const [word, kind, ...more] = line.split('\t');
    assert.match(read('src/spikelet.h'), new RegExp(`\\b${word}\\b`));
    assert.match(kind!, /^(KEYWORD[123]|LITERAL1)$/);
    assert.is(more.length, 0);
  }
});

/** Compilers of the library: this machine's with addresses of 32 bits, and those of boards. */
const compilers = [
  { prefix: '', flags: ['-m32'], needs: [gxx] },
  ...['mps2-an386', 'rp2040', 'rv32-virt'].map((name) => {
    const toolchain = toolchainOf(boardOf(name))!;
    return { ...toolchain, needs: [gxxFor(toolchain)] };
  }),
];
for (const { prefix, flags, needs } of compilers)
  (await testWith(needs))(
    `${prefix}gcc ${flags[0] ?? ''}: the library compiles as C99, its sketch as C++`,
    () => {
      const library = join(folder, 'esp/spikelet');
      mkdirSync(join(folder, 'arduino'), { recursive: true });
      // What the sketch uses of Arduino.
      writeFileSync(
        join(folder, 'arduino/Arduino.h'),
        `#include <stddef.h>
#include <stdint.h>
struct Port {
  void begin(long) {}
  size_t readBytes(uint8_t *, size_t n) { return n; }
  void println(int) {}
};
extern Port Serial;
void delay(unsigned long);
`,
      );
      const strict = [
        ...flags,
        '-ffreestanding',
        '-pedantic',
        '-Wall',
        '-Wextra',
        '-Werror',
        '-fsyntax-only',
      ];
      const run = (compiler: string, args: string[]) => {
        const { status, stderr } = spawnSync(compiler, [...strict, ...args], { encoding: 'utf8' });
        assert.is(status, 0, stderr);
      };
      const code = readdirSync(join(library, 'src')).filter((name) => name.endsWith('.c'));
      run(`${prefix}gcc`, ['-std=c99', ...code.map((name) => join(library, 'src', name))]);
      for (const standard of ['c++98', 'c++20'])
        run(`${prefix}g++`, [
          ...[`-std=${standard}`, '-x', 'c++', '-include', 'Arduino.h'],
          ...[`-I${join(folder, 'arduino')}`, `-I${join(library, 'src')}`],
          join(library, 'examples/Classify/Classify.ino'),
        ]);
    },
  );

(await testWith([gxx]))('addresses that are not of 32 bits are refused by a sentence', () => {
  const src = join(folder, 'esp/spikelet/src');
  for (const file of ['model.c', 'constants.c', 'classes.c']) {
    const { status, stderr } = spawnSync('gcc', ['-m64', '-std=c99', '-fsyntax-only', join(src, file)], {
      encoding: 'utf8',
    });
    assert.is(status, 1);
    assert.match(/error: .*/.exec(stderr)![0], '#error "spikelet needs a machine with 32-bit addresses: ');
    assert.not.match(stderr, 'size of array');
  }
  assert.not.match(readFileSync(join(src, '../library.properties'), 'utf8'), /^architectures=.*(\*|avr)/m);
  const { platforms } = JSON.parse(readFileSync(join(src, '../library.json'), 'utf8'));
  assert.ok(
    platforms.includes('espressif32') && !platforms.includes('atmelavr') && !platforms.includes('native'),
  );
});

test('a missing compiler is named with the line that installs it, and nothing is written', async () => {
  const { code, stderr } = await cliOnPath(folder, ...build('mps2-an386', 'nothing'));
  assert.is(code, 1);
  assert.match(stderr, 'error: arm-none-eabi-gcc is not installed');
  assert.match(stderr, 'hint: apt-get install gcc-arm-none-eabi');
  assert.not.ok(existsSync(join(folder, 'nothing')));
  const { packages } = JSON.parse((await cliOnPath(folder, 'doctor', '--json')).stdout);
  const qemu = packages.find(({ name }: { name: string }) => name === 'qemu-system-arm');
  assert.equal([qemu.version, qemu.install], [null, 'apt-get install qemu-system-arm']);
});

test('usage: a board is needed and must be known; firmware reads its weights in place', async () => {
  for (const [args, message] of [
    [['build', 'graph.safetensors', '--target', 'firmware'], '--board is needed'],
    [build('abacus', 'x'), "there is no board 'abacus'"],
    [build('rp2040', 'x', '--weights', 'outside'), 'firmware reads its weights in place'],
  ] as [string[], string][]) {
    const { code, stderr } = await cli(...args);
    assert.is(code, 2, stderr);
    assert.match(stderr, message);
  }
});

test('boards: all of them, and on which a graph fits', async () => {
  const all = (await cliJson('boards')).boards;
  assert.equal(
    all.map(({ name }: { name: string }) => name),
    boards.map(({ name }) => name),
  );
  const fits = (await cliJson('boards', 'graph.safetensors')).boards;
  assert.is(fits.length, boards.length);
  assert.ok(fits.some((board: { fits: boolean }) => board.fits));
  const { stdout } = await cli('boards');
  for (const { name } of boards) assert.match(stdout, name);
});

test.after(() => rmSync(folder, { recursive: true, force: true }));
test.run();
