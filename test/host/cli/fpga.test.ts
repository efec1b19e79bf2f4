import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fpgaBoardOf, fpgaBoards } from '../../../fpga/boards/index.js';
import { requireRoom } from '../../../fpga/fits.js';
import { areaOf } from '../../../host/eda/synthesise.js';
import { type SpikeletError, writeGraph } from '../../../models/index.js';
import { randomGraph, seeded } from '../../support/random-graph.js';

/** explore, flash, boards and doctor for FPGAs on the real command line. */
const main = fileURLToPath(new URL('../../../host/cli/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'spikelet-fpga-cli-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));

const graph = randomGraph(seeded(3), 5);
writeFileSync(join(folder, 'silent.safetensors'), writeGraph(graph));
for (const tensor of Object.values(graph.tensors)) tensor.activity = { rate: 0.4, density: 0.3 };
writeFileSync(join(folder, 'graph.safetensors'), writeGraph(graph));
writeFileSync(join(folder, 'torn.safetensors'), writeGraph(graph).subarray(0, 300));

const run = (args: string[], path = process.env['PATH']!) =>
  spawnSync(process.execPath, [main, ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, PATH: path },
  });

test('explore: estimates of several graphs, and both files', () => {
  const args = [
    'explore',
    'graph.safetensors',
    'graph.safetensors',
    '--board',
    'icebreaker',
    '--measure',
    '0',
  ];
  const { status, stdout, stderr } = run([...args, '--out', 'space']);
  assert.is(status, 0, stderr);
  assert.is(stderr, '');
  assert.match(stdout, '~LUT');
  assert.match(stdout, /^~LUT of designs measured before, sequential: .* off by 32 %/m);
  const { designs, board } = JSON.parse(readFileSync(join(folder, 'space/explore.json'), 'utf8'));
  assert.is(board, 'icebreaker');
  assert.ok(designs.some(({ pareto }: { pareto: boolean }) => pareto));
  assert.ok(designs.every(({ measured }: { measured: unknown }) => measured === null));
  assert.match(readFileSync(join(folder, 'space/explore.svg'), 'utf8'), '</svg>');
  assert.equal(JSON.parse(run([...args, '--json']).stdout).designs, designs);
});

test('explore: what cannot be is said, with the exit code', () => {
  writeFileSync(join(folder, 'file'), '');
  for (const [args, code, message] of [
    [['graph.safetensors'], 2, '--board is needed'],
    [['graph.safetensors', '--board', 'abacus'], 2, "there is no FPGA board 'abacus'"],
    [['none.safetensors', '--board', 'icebreaker'], 1, 'cannot read none.safetensors'],
    [['torn.safetensors', '--board', 'icebreaker'], 1, 'torn.safetensors'],
    [['silent.safetensors', '--board', 'icebreaker'], 1, 'does not tell how often'],
    [
      ['graph.safetensors', '--board', 'icebreaker', '--out', 'file/x'],
      1,
      'cannot write file/x/explore.json',
    ],
  ] as [string[], number, string][]) {
    const { status, stderr } = run(['explore', ...args, '--measure', '0']);
    assert.is(status, code, `${args}: ${stderr}`);
    assert.match(stderr, message);
  }
});

test('flash: a bitstream by the programmer of the board', () => {
  const tools = join(folder, 'tools');
  mkdirSync(tools);
  const bitstream = Uint8Array.of(0xff, 0, 0, 0xff, 0x7e, 0xaa, 0x99, 0x7e, 1, 2, 3);
  mkdirSync(join(folder, 'built'));
  writeFileSync(join(folder, 'built/icebreaker.bin'), bitstream);
  writeFileSync(join(folder, 'text.bin'), 'no bitstream');
  const flash = (...args: string[]) =>
    run(['flash', ...args], `${tools}${delimiter}${join(folder, 'nothing')}`);
  const missing = flash('built', '--board', 'icebreaker');
  assert.is(missing.status, 1);
  assert.match(missing.stderr, 'iceprog is not installed');
  assert.match(missing.stderr, 'hint: apt-get install fpga-icestorm');
  const tool = join(tools, 'iceprog');
  writeFileSync(
    tool,
    `#!/bin/sh\nwhile read -r line; do :; done < "$1"\necho "$1" > '${join(folder, 'written')}'\necho VERIFY OK >&2\n`,
  );
  chmodSync(tool, 0o755);
  const done = flash('built', '--board', 'icebreaker');
  assert.is(done.status, 0, done.stderr);
  assert.match(done.stderr, 'VERIFY OK');
  assert.is(readFileSync(join(folder, 'written'), 'utf8'), 'built/icebreaker.bin\n');
  writeFileSync(tool, '#!/bin/sh\necho no device >&2\nexit 2\n');
  const failed = flash('built', '--board', 'icebreaker');
  assert.is(failed.status, 3);
  assert.match(failed.stderr, 'iceprog failed: no device');
  for (const [args, code, message] of [
    [['text.bin', '--board', 'icebreaker'], 1, 'text.bin is no bitstream of iCE40'],
    [['tools', '--board', 'icebreaker'], 1, 'there is no icebreaker.bin in tools'],
    [['built', '--board', 'xc7a35t'], 1, 'spikelet makes no bitstreams for xc7a35t'],
    [['built', '--board', 'icebreaker', '--port', '/dev/ttyUSB1'], 2, 'icebreaker is flashed over USB'],
    [['built', '--board', 'abacus'], 2, "there is no board 'abacus'"],
  ] as [string[], number, string][]) {
    const { status, stderr } = flash(...args);
    assert.is(status, code, stderr);
    assert.match(stderr, message);
  }
  assert.is(flash('built', '--board', 'icebreaker', '--out', 'copy.bin').status, 0);
  assert.equal(readFileSync(join(folder, 'copy.bin')), Buffer.from(bitstream));
});

test('boards lists every FPGA, and on which a graph fits; doctor names their programs', () => {
  const names = fpgaBoards.map(({ name }) => name);
  const named = (list: { name: string }[]) => list.map(({ name }) => name);
  assert.equal(named(JSON.parse(run(['boards', '--json']).stdout).fpgas), names);
  const { fpgas } = JSON.parse(run(['boards', 'graph.safetensors', '--json']).stdout);
  assert.equal(named(fpgas), names);
  assert.ok(fpgas.some(({ fits }: { fits: boolean }) => fits));
  const { packages } = JSON.parse(run(['doctor', '--json'], folder).stdout);
  const find = (name: string) => packages.find((entry: { name: string }) => entry.name === name);
  for (const { programmer } of fpgaBoards) if (programmer) assert.is(find(programmer.program).version, null);
  assert.is(find('verilator').install, 'apt-get install verilator g++ make');
  assert.not.ok(existsSync(join(folder, 'build')));
});

test('what lies in single-port RAM counts where a larger part is named', () => {
  const area = { luts: 4048, flipFlops: 1731, carries: 1061, brams: 102, sprams: 4, dsps: 2 };
  const room = () =>
    requireRoom('tiny', area, fpgaBoardOf('icebreaker'), { architecture: 'sequential', lanes: 6 });
  assert.throws(room, (error: SpikeletError) => {
    assert.match(error.message, /102 of 30 block RAMs/);
    assert.match(error.hint!, /a larger part: xc7a35t$/);
    return true;
  });
});

test('area: two half block RAMs of Xilinx 7 take the place of one, RAM in look-up tables four of them', () => {
  const cells = { BUFG: 1, FDRE: 10, FDSE: 2, LUT2: 7, LUT6: 20, RAM64M: 3, RAMB18E1: 5, RAMB36E1: 2 };
  const expected = { luts: 39, flipFlops: 12, carries: 0, brams: 5, sprams: 0, dsps: 0 };
  assert.equal(areaOf(cells, 'xilinx7'), expected);
});

test.run();
