import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { architectures } from '../../fpga/emit/index.js';
import { verilogFiles } from '../../host/eda/verilator.js';
import { readGraph, writeGraph } from '../../models/index.js';
import { writeFiles } from '../support/fpga-icarus.js';
import { namesOfFiles } from '../support/names.js';
import { iverilog, verilator } from '../support/needs.js';
import { feedForward, randomGraph, seeded } from '../support/random-graph.js';
import { renamed } from '../support/renamed.js';
import { testWith } from '../support/skip.js';

/** Names that a file may hold, in the Verilog of both architectures. */
const folder = mkdtempSync(join(tmpdir(), 'spikelet-fpga-names-'));
const nasty = namesOfFiles.filter((name) => name !== 'input');
const both = await testWith([iverilog, verilator]);

for (const architecture of architectures)
  both(`${architecture}: a graph of such names is Verilog, no two files have the same name`, async () => {
    const graph = randomGraph(seeded(8), 12, feedForward);
    for (const start of [0, 40, 80, 120]) {
      const names = ['verilator lint_off WIDTH', 'Conv', 'conv', ...nasty.slice(-160 + start)];
      const other = readGraph(writeGraph(renamed(graph, names, nasty.at(-100 + start)!)));
      const files = await verilogFiles(other, { architecture, lanes: 2 });
      for (const { path } of files) assert.match(path, /^(rtl\/)?\w+\.(v|hex|bin)$/);
      assert.is(new Set(files.map(({ path }) => path.toLowerCase())).size, files.length);
      writeFiles(folder, files);
      const sources = files.map(({ path }) => path).filter((path) => path.endsWith('.v'));
      const top = ['spikelet_core', ...sources] as const;
      execFileSync('iverilog', ['-g2005', '-o', 'names.vvp', '-s', ...top], { cwd: folder });
      const lint = ['--lint-only', '-Wno-fatal', '--top-module', ...top];
      const { status, stderr } = spawnSync('verilator', lint, { cwd: folder, encoding: 'utf8' });
      assert.is(status, 0, stderr.slice(0, 2000));
    }
  });

test.after(() => rmSync(folder, { recursive: true, force: true }));
test.run();
