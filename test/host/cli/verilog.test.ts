import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fpgaBoardOf, fpgaBoards } from '../../../fpga/boards/index.js';
import { architectures } from '../../../fpga/emit/index.js';
import { emitGuide, type interfaceOf } from '../../../fpga/guide.js';
import { emitProject } from '../../../fpga/project.js';
import { rtlFiles } from '../../../host/eda/rtl-files.js';
import { clockRange, fastest, placeSeeds, seedsOf } from '../../../host/eda/seeds.js';
import { inSimulatorFolder } from '../../../host/eda/simulator.js';
import { compileVerilator, loadedWeights } from '../../../host/eda/verilator.js';
import { installedGlobally, npmInstall } from '../../../host/system/version.js';
import { requireClock } from '../../../host/targets/verilog-design.js';
import { pixelTable, type SpikeletError, writeGraph } from '../../../models/index.js';
import { main } from '../../support/command.js';
import { icarus, writeFiles } from '../../support/fpga-icarus.js';
import { iverilog, make, placement, slow } from '../../support/needs.js';
import { randomGraph, seeded } from '../../support/random-graph.js';
import { testWith } from '../../support/skip.js';

async function assertRejects(promise: Promise<unknown>, message: RegExp): Promise<void> {
  const error = await promise.then(
    () => undefined,
    (reason: Error) => reason,
  );
  assert.match(error?.message ?? 'nothing was thrown', message);
}

/** What a build of Verilog says and leaves behind, and what is refused before work. */
const folder = mkdtempSync(join(tmpdir(), 'spikelet-fpga-build-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));

const graph = Array.from({ length: 20 }, (_, seed) => randomGraph(seeded(seed), 5)).find(({ nodes }) =>
  nodes.every(({ op }) => op !== 'attend'),
)!;

test('a missed clock is an error that names the range over seeds and what to try', () => {
  const board = fpgaBoardOf('icebreaker');
  const runs = [25.04e6, 21e6, 23e6].map((fmaxHz, i) => ({ fmaxHz, seed: i + 1 }));
  assert.is(clockRange(runs), '21.0 to 25.0 MHz over seeds 1 to 3');
  assert.is(clockRange(runs.slice(1, 2)), '21.0 MHz with seed 2 alone');
  assert.is(fastest(runs).seed, 1);
  const design = { architecture: 'sequential', lanes: 8, datapath: 'popcount' } as const;
  requireClock('net', fastest(runs), clockRange(runs), board, design);
  const missed = () => requireClock('net', runs[1]!, '21.0 MHz with seed 2 alone', board, design);
  assert.throws(missed, (error: SpikeletError) => {
    assert.match(
      error.message,
      "'net' misses the clock of icebreaker: 21.0 MHz with seed 2 alone, 24 MHz needed",
    );
    assert.match(error.hint!, '--seeds 10');
    return error.code === 1;
  });
  const far = () => requireClock('net', { fmaxHz: 12e6 }, '12.0 MHz over seeds 1 to 3', board, design);
  assert.throws(far, ({ hint }: SpikeletError) => !/seed/.test(hint!) && /--lanes 4/.test(hint!));
});

/** Synthesis and placement of the smallest design take a minute. */
(await testWith([...placement, slow]))(
  'a build whose clock is missed ends with code 1, says why, and leaves no bitstream',
  () => {
    writeFileSync(join(folder, 'slow.safetensors'), writeGraph(randomGraph(seeded(0), 1)));
    // No board's clock is too high for so small a design: the board is given another one before the command line runs.
    const boards = new URL('../../../fpga/boards/index.js', import.meta.url).href;
    writeFileSync(
      join(folder, 'hurry.mjs'),
      `import { fpgaBoardOf } from '${boards}';\nfpgaBoardOf('hx8k-breakout').clockHz = 400e6;\n`,
    );
    mkdirSync(join(folder, 'missed'));
    // Of a build before, which met its clock.
    writeFileSync(join(folder, 'missed/hx8k-breakout.bin'), 'an old bitstream');
    const design = ['--architecture', 'streaming', '--lanes', '1', '--seed', '1', '--force'];
    const args = ['build', 'slow.safetensors', '--target', 'verilog', '--board', 'hx8k-breakout'];
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--import', './hurry.mjs', main, ...args, '--out', 'missed', ...design],
      { cwd: folder, encoding: 'utf8' },
    );
    assert.is(status, 1, stderr);
    assert.match(stdout, /highest clock: [\d.]+ MHz with seed 1 alone; the board's is 400 MHz/);
    assert.match(stderr, /misses the clock of hx8k-breakout: .* 400 MHz needed; no bitstream is written/);
    assert.ok(existsSync(join(folder, 'missed/board_top.v')));
    assert.not.ok(existsSync(join(folder, 'missed/hx8k-breakout.bin')));
  },
);

test('seeds are placed until one meets the clock, or as many as are asked for', async () => {
  const board = fpgaBoardOf('icebreaker');
  const tried = async (flags: { seed?: number; seeds?: number }, clocks: number[]) => {
    const place = async (seed: number) => ({
      utilisation: {},
      fmaxHz: clocks[seed % clocks.length]! * 1e6,
      bitstream: new Uint8Array(),
    });
    const runs = await placeSeeds(seedsOf(flags), board, place);
    return clockRange(runs);
  };
  assert.is(await tried({}, [30]), '30.0 MHz with seed 1 alone');
  assert.is(await tried({}, [24]), '24.0 MHz with seed 1 alone', 'the clock itself is met');
  assert.is(await tried({}, [30, 21]), '21.0 to 30.0 MHz over seeds 1 to 2');
  assert.is(await tried({}, [22, 21]), '21.0 to 22.0 MHz over seeds 1 to 3');
  assert.is(await tried({ seed: 7 }, [21]), '21.0 MHz with seed 7 alone');
  assert.is(await tried({ seeds: 4 }, [30, 25]), '25.0 to 30.0 MHz over seeds 1 to 4');
  assert.is(await tried({ seed: 7, seeds: 2 }, [30]), '30.0 MHz over seeds 7 to 8');
});

test('a simulator that is missing is said before any data is read, with both ways to install one', () => {
  writeFileSync(join(folder, 'graph.safetensors'), writeGraph(graph));
  // The packages of CXXRTL are hidden from Node, and all programs from the path.
  writeFileSync(
    join(folder, 'hide.cjs'),
    `const { _resolveFilename: find } = require('module');
require('module')._resolveFilename = (name, ...rest) => {
  if (name.startsWith('@yowasp/')) throw Object.assign(new Error('hidden'), { code: 'MODULE_NOT_FOUND' });
  return find(name, ...rest);
};
`,
  );
  const verifying = ['verify', 'graph.safetensors', '--against', 'verilog', '--data', 'fashion-mnist=absent'];
  const run = (more: string[]) =>
    spawnSync(process.execPath, ['--require', join(folder, 'hide.cjs'), main, ...verifying, ...more], {
      cwd: folder,
      encoding: 'utf8',
      env: { PATH: join(folder, 'nothing') },
    });
  const core = run([]);
  assert.is(core.status, 1, core.stderr);
  assert.match(core.stderr, 'no Verilog simulator is installed');
  assert.match(core.stderr, 'apt-get install verilator g++ make');
  assert.match(core.stderr, /npm install --save-dev @yowasp\/yosys@\S+ @yowasp\/clang@/);
  const board = run(['--board', 'icebreaker']);
  assert.is(board.status, 2, board.stderr);
  assert.match(board.stderr, 'without --port icebreaker is simulated');
});

test('a simulator is compiled in a folder without spaces, or not at all', async () => {
  const spaced = join(folder, 'a b');
  mkdirSync(spaced);
  await assertRejects(compileVerilator(graph, spaced), /its path has spaces/);
  const temporary = process.env['TMPDIR'];
  process.env['TMPDIR'] = spaced;
  try {
    await inSimulatorFolder('test', async (where) => assert.not.match(where, /\s/));
  } finally {
    if (temporary === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = temporary;
  }
});

test('--seed and --seeds are for verilog', () => {
  for (const flag of ['--seed', '--seeds']) {
    const args = [main, 'build', 'graph.safetensors', '--target', 'wasm', flag, '3'];
    const run = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
    assert.is(run.status, 2);
    assert.match(run.stderr, `${flag} is for verilog`);
  }
});

test('the install line saves optional peers, which npm else passes over in a clone', () => {
  assert.match(
    npmInstall('@yowasp/yosys', '@yowasp/clang'),
    /^npm install --save-dev @yowasp\/yosys@\d[^ ]* @yowasp\/clang@/,
  );
  const modules = join(folder, 'project/node_modules');
  mkdirSync(join(modules, 'spikelet'), { recursive: true });
  assert.is(installedGlobally(join(modules, 'spikelet')), true);
  writeFileSync(join(folder, 'project/package.json'), '{}');
  assert.is(installedGlobally(join(modules, 'spikelet')), false);
  assert.is(installedGlobally(join(folder, 'clone')), false);
});

test('every folder explains itself: files, ports, weights, pixel table, Makefile', async () => {
  for (const board of fpgaBoards)
    for (const architecture of architectures) {
      const { files, rtl } = emitProject(graph, board, { architecture, lanes: 2 });
      const sources = [...(await rtlFiles(rtl)), ...files];
      const options = {
        ...{ architecture, lanes: 2, datapath: 'popcount' as const, hash: '01234567', cycles: 5 },
        ...{ loads: 0, files: sources },
      };
      const guide = emitGuide({ ...graph, name: 'a`b\u202e|\n' }, board, options);
      const text = (name: string) => guide.find(({ path }) => path === name)!.contents as string;
      for (const name of ['README.md', 'Makefile'])
        assert.not.match(text(name), /[^\x20-\x7e\n\t]|undefined/);
      assert.match(text('README.md'), /^# `a'b\?\|\?` on /);
      assert.match(text('README.md'), architecture === 'streaming' ? 'FOLDER' : 'WEIGHT_FILE');
      for (const { path } of sources)
        if (path.endsWith('.v') && path !== 'rtl/multiply.v') assert.match(text('Makefile'), path);
      const told = JSON.parse(text('interface.json')) as ReturnType<typeof interfaceOf>;
      assert.equal(told.input.pixelTable.flat(), [...pixelTable(graph)]);
      assert.equal(told.output.classes, graph.classes);
      const core = sources.find(({ path }) => path === 'spikelet_core.v')!.contents as string;
      for (const port of Object.keys(told.ports)) assert.match(core, new RegExp(`\\b${port}\\b`));
      assert.throws(
        () => emitGuide(graph, board, { ...options, files: [{ path: 'a b.v', contents: '' }] }),
        /cannot stand in a Makefile/,
      );
    }
});

(await testWith([iverilog]))('memories are found from another folder by WEIGHT_FILE and FOLDER', async () => {
  for (const architecture of architectures) {
    const where = join(folder, architecture);
    const { files, rtl } = emitProject(graph, fpgaBoardOf('hx8k-breakout'), { architecture, lanes: 2 });
    const sources = [...(await rtlFiles(rtl)), ...files];
    writeFiles(where, sources);
    const elsewhere = join(folder, `${architecture} elsewhere`);
    mkdirSync(elsewhere);
    const set =
      architecture === 'streaming'
        ? { FOLDER: `"${where}/"` }
        : { WEIGHT_FILE: `"${where}/weights.hex"`, CONSTANT_FILE: `"${where}/constants.hex"` };
    const verilog = sources.map(({ path }) => path).filter((path) => /^(rtl\/|spikelet_).*\.v$/.test(path));
    const paths = verilog.map((path) => join(where, path));
    assert.not.match(icarus(elsewhere, paths, set, 'spikelet_core'), 'readmemh');
    assert.match(icarus(elsewhere, paths, {}, 'spikelet_core'), 'readmemh');
  }
});

(await testWith([iverilog, make]))(
  'make sim: the logits of a frame are equal, loaded weights too, and a wrong one fails',
  async () => {
    let loaded = 0;
    for (const [board, architecture] of [
      ['hx8k-breakout', 'streaming'],
      ['icebreaker', 'sequential'],
    ] as const) {
      const where = join(folder, `sim ${architecture}`);
      const { files, rtl } = emitProject(graph, fpgaBoardOf(board), { architecture, lanes: 2 });
      const sources = [...(await rtlFiles(rtl)), ...files];
      const loads = loadedWeights(sources).length;
      loaded += loads;
      const design = { architecture, lanes: 2, datapath: 'popcount', hash: '01234567', cycles: 5 } as const;
      writeFiles(where, [
        ...sources,
        ...emitGuide(graph, fpgaBoardOf(board), { ...design, loads, files: sources }),
      ]);
      const sim = () => spawnSync('make', ['sim'], { cwd: where, encoding: 'utf8' });
      const equal = sim();
      assert.is(equal.status, 0, equal.stdout + equal.stderr);
      assert.match(equal.stdout, `\nPASSED: ${graph.classes.length} logits equal`);
      const logits = readFileSync(join(where, 'sim/logits.hex'), 'utf8');
      writeFileSync(
        join(where, 'sim/logits.hex'),
        logits.replace(/^./, (c) => (c === '0' ? '1' : '0')),
      );
      const wrong = sim();
      assert.is.not(wrong.status, 0);
      assert.match(wrong.stdout, 'FAILED: logits differ');
      assert.not.match(wrong.stdout, /^PASSED/m);
    }
    assert.ok(loaded > 0, 'no design had weights to load');
  },
);

test.run();
