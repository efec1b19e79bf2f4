import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fpgaBoardOf, fpgaBoards } from '../../../fpga/boards/index.js';
import { requireRoom } from '../../../fpga/fits.js';
import { areaOf } from '../../../host/eda/synthesise.js';
import { type SpikeletError, writeGraph } from '../../../models/index.js';
import { cli, cliJson, cliOnPath } from '../../support/cli-in-process.js';
import { randomGraph, seeded } from '../../support/random-graph.js';

/** explore, flash, boards and doctor for FPGAs on the command line. */
const folder = mkdtempSync(join(tmpdir(), 'spikelet-fpga-cli-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));

const graph = randomGraph(seeded(3), 5);
writeFileSync(join(folder, 'silent.safetensors'), writeGraph(graph));
for (const tensor of Object.values(graph.tensors)) tensor.activity = { rate: 0.4, density: 0.3 };
writeFileSync(join(folder, 'graph.safetensors'), writeGraph(graph));
writeFileSync(join(folder, 'torn.safetensors'), writeGraph(graph).subarray(0, 300));

process.chdir(folder);

test('explore: estimates of several graphs, and both files', async () => {
  const args = [
    'explore',
    'graph.safetensors',
    'graph.safetensors',
    '--board',
    'icebreaker',
    '--measure',
    '0',
  ];
  const { code, stdout, stderr } = await cli(...args, '--out', 'space');
  assert.is(code, 0, stderr);
  assert.is(stderr, '');
  assert.match(stdout, '~LUT');
  assert.match(stdout, /^sequential: mean error of estimates of designs .*: ~LUT \d+ %/m);
  const { designs, board } = JSON.parse(readFileSync(join(folder, 'space/explore.json'), 'utf8'));
  assert.is(board, 'icebreaker');
  assert.ok(designs.some(({ pareto }: { pareto: boolean }) => pareto));
  assert.ok(designs.every(({ measured }: { measured: unknown }) => measured === null));
  assert.match(readFileSync(join(folder, 'space/explore.svg'), 'utf8'), '</svg>');
  assert.equal((await cliJson(...args)).designs, designs);
});

test('explore: what cannot be is said, with the exit code', async () => {
  writeFileSync(join(folder, 'file'), '');
  for (const [args, expected, message] of [
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
    const { code, stderr } = await cli('explore', ...args, '--measure', '0');
    assert.is(code, expected, `${args}: ${stderr}`);
    assert.match(stderr, message);
  }
});

test('flash: a bitstream by the programmer of the board', async () => {
  const tools = join(folder, 'tools');
  mkdirSync(tools);
  const bitstream = Uint8Array.of(0xff, 0, 0, 0xff, 0x7e, 0xaa, 0x99, 0x7e, 1, 2, 3);
  mkdirSync(join(folder, 'built'));
  writeFileSync(join(folder, 'built/icebreaker.bin'), bitstream);
  writeFileSync(join(folder, 'text.bin'), 'no bitstream');
  const flash = (...args: string[]) =>
    cliOnPath(`${tools}${delimiter}${join(folder, 'nothing')}`, 'flash', ...args);
  const missing = await flash('built', '--board', 'icebreaker');
  assert.is(missing.code, 1);
  assert.match(missing.stderr, 'iceprog is not installed');
  assert.match(missing.stderr, 'hint: apt-get install fpga-icestorm');
  const tool = join(tools, 'iceprog');
  writeFileSync(
    tool,
    `#!/bin/sh\nwhile read -r line; do :; done < "$1"\necho "$1" > '${join(folder, 'written')}'\necho VERIFY OK >&2\n`,
  );
  chmodSync(tool, 0o755);
  const done = await flash('built', '--board', 'icebreaker');
  assert.is(done.code, 0, done.stderr);
  assert.match(done.stderr, 'VERIFY OK');
  assert.is(readFileSync(join(folder, 'written'), 'utf8'), 'built/icebreaker.bin\n');
  writeFileSync(tool, '#!/bin/sh\necho no device >&2\nexit 2\n');
  const failed = await flash('built', '--board', 'icebreaker');
  assert.is(failed.code, 3);
  assert.match(failed.stderr, 'iceprog failed: no device');
  for (const [args, expected, message] of [
    [['text.bin', '--board', 'icebreaker'], 1, 'text.bin is not an iCE40 bitstream'],
    [['tools', '--board', 'icebreaker'], 1, 'there is no icebreaker.bin in tools'],
    [['built', '--board', 'xc7a35t'], 1, 'spikelet cannot make bitstreams for xc7a35t'],
    [['built', '--board', 'icebreaker', '--port', '/dev/ttyUSB1'], 2, 'icebreaker is flashed over USB'],
    [['built', '--board', 'abacus'], 2, "there is no board 'abacus'"],
  ] as [string[], number, string][]) {
    const { code, stderr } = await flash(...args);
    assert.is(code, expected, stderr);
    assert.match(stderr, message);
  }
  assert.is((await flash('built', '--board', 'icebreaker', '--out', 'copy.bin')).code, 0);
  assert.equal(readFileSync(join(folder, 'copy.bin')), Buffer.from(bitstream));
});

test('boards lists every FPGA, and on which a graph fits; doctor names their programs', async () => {
  const names = fpgaBoards.map(({ name }) => name);
  const named = (list: { name: string }[]) => list.map(({ name }) => name);
  assert.equal(named((await cliJson('boards')).fpgas), names);
  const { fpgas } = await cliJson('boards', 'graph.safetensors');
  assert.equal(named(fpgas), names);
  assert.ok(fpgas.some(({ fits }: { fits: boolean }) => fits));
  const { packages } = JSON.parse((await cliOnPath(folder, 'doctor', '--json')).stdout);
  const find = (name: string) => packages.find((entry: { name: string }) => entry.name === name);
  for (const { programmer } of fpgaBoards) if (programmer) assert.is(find(programmer.program).version, null);
  assert.is(find('verilator').install, 'apt-get install verilator g++ make');
  assert.not.ok(existsSync(join(folder, 'build')));
});

test('what is in single-port RAM counts where a larger part is named', () => {
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
