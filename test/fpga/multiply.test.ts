import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fpgaBoardOf } from '../../fpga/boards/index.js';
import { emitMultiply, multipliersFor } from '../../fpga/multiplier.js';
import { multipliersOf } from '../../fpga/project.js';
import { cellModels } from '../../host/eda/netlist.js';
import { areaOf, synthesise } from '../../host/eda/synthesise.js';
import { icarus, writeFiles } from '../support/fpga-icarus.js';
import { cxxrtl, iverilog } from '../support/needs.js';
import { randomGraph, seeded } from '../support/random-graph.js';
import { testWith } from '../support/skip.js';

/** Products of every width in a family's own multipliers. */
const folder = mkdtempSync(join(tmpdir(), 'spikelet-multiply-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));

const bits = (port: string, width: number) => Array.from({ length: width }, (_, at) => `${port}${at}`);
const bus = (port: string, width: number) => `{${bits(port, width).reverse().join(', ')}}`;

/** The parts' cells as far as multiply.v uses them. */
const cells = {
  ice40: `module SB_MAC16 #(parameter ${[
    ...['NEG_TRIGGER', 'A_REG', 'B_REG', 'C_REG', 'D_REG', 'TOP_8x8_MULT_REG', 'BOT_8x8_MULT_REG'],
    ...['PIPELINE_16x16_MULT_REG1', 'PIPELINE_16x16_MULT_REG2', 'MODE_8x8', 'A_SIGNED', 'B_SIGNED'],
    ...['TOP', 'BOT'].flatMap((half) =>
      ['OUTPUT_SELECT', 'ADDSUB_LOWERINPUT', 'ADDSUB_UPPERINPUT', 'ADDSUB_CARRYSELECT'].map(
        (name) => half + name,
      ),
    ),
  ]
    .map((name) => `${name} = 0`)
    .join(', ')}) (input signed [15:0] A, B, output signed [31:0] O);
  assign O = A * B;
endmodule
`,
  ecp5: `module MULT18X18D (input ${['A', 'B', 'C'].flatMap((port) => bits(port, 18)).join(', ')}, SIGNEDA, SIGNEDB, SOURCEA, SOURCEB,
  output ${bits('P', 36).join(', ')});
  wire signed [17:0] a = ${bus('A', 18)}, b = ${bus('B', 18)};
  wire signed [35:0] p = a * b;
  assign ${bus('P', 36)} = p;
endmodule
`,
  xilinx7: `module DSP48E1 #(parameter ${[
    ...[
      'ACASCREG',
      'ADREG',
      'A_INPUT',
      'ALUMODEREG',
      'AREG',
      'BCASCREG',
      'B_INPUT',
      'BREG',
      'CARRYINREG',
      'MREG',
      'PREG',
    ],
    ...['CARRYINSELREG', 'CREG', 'DREG', 'INMODEREG', 'OPMODEREG', 'USE_MULT', 'USE_SIMD', 'USE_DPORT'],
  ]
    .map((name) => `${name} = 0`)
    .join(', ')}) (
  input signed [29:0] A, input signed [17:0] B, input [47:0] C, PCIN, input [24:0] D, input CARRYIN, input [29:0] ACIN,
  input [17:0] BCIN, input [4:0] INMODE, input [3:0] ALUMODE, input [6:0] OPMODE, input [2:0] CARRYINSEL, output signed [47:0] P);
  assign P = A * B;
endmodule
`,
} as const;

const widths = [
  [17, 16],
  [18, 15],
  [32, 16],
  [4, 2],
  [6, 4],
  [8, 8],
  [20, 4],
  [18, 6],
  [27, 4],
  [16, 16],
  [25, 16],
  [32, 31],
  [40, 19],
] as const;

/** Every width cut short, whole and widened, on the same random factors. */
const bench = `module check #(parameter A = 1, parameter B = 1, parameter OUT = 1) (input signed [63:0] i_x, i_y, input i_check);
  wire signed [A-1:0] x = i_x[A-1:0];
  wire signed [B-1:0] y = i_y[B-1:0];
  wire signed [OUT-1:0] found;
  wire signed [A+B-1:0] whole = x * y;
  wire signed [OUT+A+B-1:0] wide = whole;
  multiply #(.A(A), .B(B), .OUT(OUT)) dut (.i_a(x), .i_b(y), .o_product(found));
  always @(posedge i_check) if (found !== wide[OUT-1:0]) $display("%0d * %0d in %0d bits is %0d", x, y, OUT, found);
endmodule
module bench;
  reg signed [63:0] x, y;
  reg now = 0;
${widths
  .flatMap(([a, b]) => [Math.max(a, b), a + b, a + b + 3].map((out) => [a, b, out]))
  .map(([a, b, out], i) => `  check #(.A(${a}), .B(${b}), .OUT(${out})) c${i} (x, y, now);`)
  .join('\n')}
  integer i;
  initial begin
    for (i = 0; i < 500; i = i + 1) begin
      x = i % 5 == 1 ? -64'sd1 << (i % 40) : {$random, $random};
      y = i % 7 == 1 ? -64'sd1 << (i % 40) : {$random, $random};
      #1 now = 1;
      #1 now = 0;
    end
    $display("done");
    $finish;
  end
endmodule
`;

const withIcarus = await testWith([iverilog]);
for (const family of Object.keys(cells) as (keyof typeof cells)[])
  withIcarus(`${family}: products equal *, whole, cut and widened`, () => {
    const files = [emitMultiply(family)!, { path: 'cells.v', contents: cells[family] }];
    writeFiles(folder, [...files, { path: 'bench.v', contents: bench }]);
    assert.is(icarus(folder, [...files.map(({ path }) => path), 'bench.v']).trim(), 'done');
  });

(await testWith(cxxrtl.slice(0, 1)))(
  'each product of narrow weights takes the multipliers that are planned',
  async () => {
    for (const family of ['ice40', 'ecp5', 'xilinx7'] as const) {
      const products = [
        [4, 2],
        [4, 4],
        [6, 4],
        [20, 16],
      ] as const;
      const top = `module top(input clk, input signed [39:0] x, input signed [15:0] y, ${products.map((_, i) => `output reg signed [35:0] p${i}`).join(', ')});
${products
  .map(
    ([a, b], i) => `  wire signed [35:0] w${i};
  multiply #(.A(${a}), .B(${b}), .OUT(36)) m${i} (.i_a(x[${a + i - 1}:${i}]), .i_b(y[${b - 1}:0]), .o_product(w${i}));
  always @(posedge clk) p${i} <= w${i};`,
  )
  .join('\n')}
endmodule
`;
      const { cells: found } = await synthesise(
        [emitMultiply(family)!, { path: 'top.v', contents: top }],
        'top',
        family,
      );
      const planned = products.reduce((sum, [a, b]) => sum + multipliersFor(a, b, family), 0);
      assert.is(areaOf(found, family).dsps, planned, family);
    }
  },
);

/** Several parts each, with a register behind: what yosys packs into a multiplier, where sums of 33 bits went wrong. */
const packed = [
  [16, 16, 32],
  [17, 16, 33],
  [18, 16, 33],
  [17, 17, 33],
  [20, 16, 36],
  [32, 16, 48],
] as const;
const ports = packed.map(([, , out], i) => `output reg signed [${out - 1}:0] p${i}`).join(', ');
const registered = `module registered(input clk, input signed [31:0] x, input signed [16:0] y, ${ports});
${packed
  .map(
    ([a, b, out], i) => `  wire signed [${out - 1}:0] w${i};
  multiply #(.A(${a}), .B(${b}), .OUT(${out})) m${i} (.i_a(x[${a - 1}:0]), .i_b(y[${b - 1}:0]), .o_product(w${i}));
  always @(posedge clk) p${i} <= w${i};
`,
  )
  .join('')}endmodule
`;
const registeredBench = `module bench;
  reg signed [31:0] x = 0;
  reg signed [16:0] y = 0;
  reg clk = 0;
${packed
  .map(
    ([a, b, out], i) => `  wire signed [${out - 1}:0] p${i};
  wire signed [${a - 1}:0] a${i} = x[${a - 1}:0];
  wire signed [${b - 1}:0] b${i} = y[${b - 1}:0];
  wire signed [63:0] e${i} = a${i} * b${i};`,
  )
  .join('\n')}
  registered dut (.clk(clk), .x(x), .y(y), ${packed.map((_, i) => `.p${i}(p${i})`).join(', ')});
  integer i;
  initial begin
    for (i = 0; i < 500; i = i + 1) begin
      x = i % 5 == 1 ? -32'sd1 << (i % 32) : $random;
      y = i % 7 == 1 ? -17'sd1 << (i % 17) : $random;
      #1 clk = 1;
      #1 clk = 0;
${packed.map(([, , out], i) => `      if (p${i} !== e${i}[${out - 1}:0]) $display("product ${i} of %0d and %0d is %0d", a${i}, b${i}, p${i});`).join('\n')}
    end
    $display("done");
    $finish;
  end
endmodule
`;

(await testWith([...cxxrtl.slice(0, 1), iverilog]))(
  'products of several parts with a register behind are equal once synthesised for iCE40',
  async () => {
    const sources = [emitMultiply('ice40')!, { path: 'registered.v', contents: registered }];
    const { verilog } = await synthesise(sources, 'registered', 'ice40');
    const files = [
      { path: 'netlist.v', contents: verilog },
      { path: 'cells.v', contents: await cellModels('ice40') },
      { path: 'bench.v', contents: registeredBench },
    ];
    writeFiles(folder, files);
    const defines = ['NO_ICE40_DEFAULT_ASSIGNMENTS'];
    const said = icarus(
      folder,
      files.map(({ path }) => path),
      {},
      'bench',
      defines,
    );
    assert.is(said.trim().split('\n').slice(0, 5).join('\n'), 'done');
  },
);

test('a plan counts the lanes and what scales; a part without multipliers takes none', () => {
  const graph = randomGraph(seeded(3), 5);
  const dsp = { lanes: 4, datapath: 'dsp' } as const;
  const lanes = (board: string) =>
    multipliersOf(graph, fpgaBoardOf(board), dsp) - multipliersOf(graph, fpgaBoardOf(board), { lanes: 4 });
  assert.ok(lanes('xc7a35t') >= 4);
  assert.is(multipliersOf(graph, fpgaBoardOf('hx8k-breakout'), { lanes: 4 }), 0);
});

test.run();
