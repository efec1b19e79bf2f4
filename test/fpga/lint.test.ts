import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { boardTop } from '../../fpga/board-top.js';
import { fpgaBoards } from '../../fpga/boards/index.js';
import { architectures, datapaths } from '../../fpga/emit/index.js';
import { simulatedOf } from '../../fpga/multiplier.js';
import { emitProject } from '../../fpga/project.js';
import { rtlFiles } from '../../host/eda/rtl-files.js';
import { icarus, rtl, writeFiles } from '../support/fpga-icarus.js';
import { iverilog, verilator } from '../support/needs.js';
import { randomGraph, seeded } from '../support/random-graph.js';
import { testWith } from '../support/skip.js';

/** Board tops as a user's lint sees them, and the serial line's receiver under glitches. */
const folder = mkdtempSync(join(tmpdir(), 'spikelet-lint-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));

/** Ports of the parts' own cells, which a vendor's library declares. */
const cells = `/* verilator lint_off DECLFILENAME */
/* verilator lint_off UNUSED */
/* verilator lint_off UNDRIVEN */
${['PAD', 'CORE']
  .map(
    (kind) => `module SB_PLL40_${kind} #(
  parameter FEEDBACK_PATH = "", parameter DIVR = 0, parameter DIVF = 0, parameter DIVQ = 0, parameter FILTER_RANGE = 0
) (input ${kind === 'PAD' ? 'PACKAGEPIN' : 'REFERENCECLK'}, output PLLOUTGLOBAL, output LOCK, input RESETB, input BYPASS);
endmodule
`,
  )
  .join('')}`;

const withVerilator = await testWith([verilator]);

/** A graph that both architectures serve. */
const graph = Array.from({ length: 20 }, (_, seed) => randomGraph(seeded(seed), 5)).find(({ nodes }) =>
  nodes.every(({ op }) => op !== 'attend'),
)!;

for (const board of fpgaBoards)
  for (const architecture of architectures)
    withVerilator(`${board.name}, ${architecture}: no warning of verilator -Wall`, async () => {
      // Boards differ in what is around the core: one of them with every datapath is enough.
      for (const datapath of board === fpgaBoards[0] ? datapaths : (['popcount'] as const)) {
        const { files, rtl: names } = emitProject(graph, board, { architecture, lanes: 3, datapath });
        const where = join(folder, `${board.name} ${architecture} ${datapath}`);
        // The cells of multipliers are declared nowhere here; fpga-multiply.test.ts runs what instantiates them.
        const sources = simulatedOf([...(await rtlFiles(names)), ...files]);
        writeFiles(where, [...sources, { path: 'cells.v', contents: cells }]);
        const verilog = [...sources.map(({ path }) => path).filter((path) => path.endsWith('.v')), 'cells.v'];
        const { status, stderr } = spawnSync(
          'verilator',
          ['--lint-only', '-Wall', '--top-module', boardTop, ...verilog],
          { cwd: where, encoding: 'utf8' },
        );
        assert.is(status, 0, stderr);
      }
    });

(await testWith([iverilog]))(
  'a glitch on the serial line is not a byte, and the byte after it is whole',
  () => {
    writeFiles(folder, [{ path: 'bench.v', contents: glitchBench }]);
    assert.is(icarus(folder, [rtl('uart_rx.v'), 'bench.v']).trim(), 'byte a5\nbyte 3c');
  },
);

const glitchBench = `\`timescale 1ns / 1ns
module bench;
  reg clk = 0, rst = 1, line = 1;
  wire valid;
  wire [7:0] data;
  integer i;
  uart_rx #(.DIVIDE(12)) dut (.i_clk(clk), .i_rst(rst), .i_rx(line), .o_valid(valid), .o_data(data));
  always #5 clk = ~clk;
  always @(posedge clk) if (valid) $display("byte %h", data);
  task send(input [7:0] byte);
    reg [9:0] bits;
    begin
      bits = {1'b1, byte, 1'b0};
      for (i = 0; i < 10; i = i + 1) begin
        line = bits[i];
        #120;
      end
    end
  endtask
  initial begin
    #100 rst = 0;
    #100 line = 0;
    #30 line = 1;  // three clocks of twelve
    #40 send(8'ha5);
    #200 line = 0;
    #10 line = 1;
    #150 send(8'h3c);
    #500 $finish;
  end
endmodule
`;

test.run();
