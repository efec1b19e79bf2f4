import type { OutputFile } from '../models/output.js';
import type { Family } from './parts.js';

/** A family's signed hardware multiplier: the maximum widths of its factors, and its Verilog instance. */
type Multiplier = { a: number; b: number; instance: string };

const bits = (port: string, width: number, from: (at: number) => string): string =>
  Array.from({ length: width }, (_, at) => `.${port}${at}(${from(at)})`).join(', ');

/**
 * Instances instead of `*`: yosys builds narrow products from look-up tables, below 11 bits on iCE40 and 9 on
 * Xilinx 7, and the products of narrow weights are that narrow. It still packs registers and sums into the
 * instances.
 */
const multipliers: Partial<Record<Family, Multiplier>> = {
  ice40: {
    a: 16,
    b: 16,
    instance: `SB_MAC16 #(
        .NEG_TRIGGER(1'b0), .A_REG(1'b0), .B_REG(1'b0), .C_REG(1'b0), .D_REG(1'b0),
        .TOP_8x8_MULT_REG(1'b0), .BOT_8x8_MULT_REG(1'b0),
        .PIPELINE_16x16_MULT_REG1(1'b0), .PIPELINE_16x16_MULT_REG2(1'b0),
        .TOPOUTPUT_SELECT(2'b11), .TOPADDSUB_LOWERINPUT(2'b0), .TOPADDSUB_UPPERINPUT(1'b0), .TOPADDSUB_CARRYSELECT(2'b0),
        .BOTOUTPUT_SELECT(2'b11), .BOTADDSUB_LOWERINPUT(2'b0), .BOTADDSUB_UPPERINPUT(1'b0), .BOTADDSUB_CARRYSELECT(2'b0),
        .MODE_8x8(1'b0), .A_SIGNED(1'b1), .B_SIGNED(1'b1)
      ) hard (.A(a), .B(b), .O(y));`,
  },
  ecp5: {
    a: 18,
    b: 18,
    instance: `MULT18X18D hard (
        ${bits('A', 18, (at) => `a[${at}]`)},
        ${bits('B', 18, (at) => `b[${at}]`)},
        ${bits('C', 18, () => "1'b0")},
        .SIGNEDA(1'b1), .SIGNEDB(1'b1), .SOURCEA(1'b0), .SOURCEB(1'b0),
        ${bits('P', 36, (at) => `y[${at}]`)}
      );`,
  },
  xilinx7: {
    a: 25,
    b: 18,
    instance: `wire [47:0] p;
      assign y = p[42:0];
      DSP48E1 #(
        .ACASCREG(0), .ADREG(0), .A_INPUT("DIRECT"), .ALUMODEREG(0), .AREG(0), .BCASCREG(0), .B_INPUT("DIRECT"), .BREG(0),
        .CARRYINREG(0), .CARRYINSELREG(0), .CREG(0), .DREG(0), .INMODEREG(0), .MREG(0), .OPMODEREG(0), .PREG(0),
        .USE_MULT("MULTIPLY"), .USE_SIMD("ONE48"), .USE_DPORT("FALSE")
      ) hard (
        .A({{5{a[24]}}, a}), .B(b), .C(48'b0), .D(25'b0), .P(p),
        .INMODE(5'b00000), .ALUMODE(4'b0000), .OPMODE(7'b000101), .CARRYINSEL(3'b000),
        .ACIN(30'b0), .BCIN(18'b0), .PCIN(48'b0), .CARRYIN(1'b0)
      );`,
  },
};

/** Parts of a signed factor for a multiplier: all but the highest are unsigned, so one bit narrower. */
const partsOf = (width: number, most: number): number =>
  width <= most ? 1 : 1 + Math.ceil((width - most) / (most - 1));

/** Hardware multipliers that a product of these widths takes; 0 if none are instantiated for the family. */
export function multipliersFor(a: number, b: number, family: Family): number {
  const most = multipliers[family];
  return most ? partsOf(a, most.a) * partsOf(b, most.b) : 0;
}

/** A project has this module twice: for simulators and parts without multipliers, and with the part's own. */
const [plainFile, partFile] = ['rtl/multiply.v', 'part/multiply.v'];

/** The module with a family's own multipliers; undefined if none are instantiated for the family. */
export function emitMultiply(family: Family): OutputFile | undefined {
  const most = multipliers[family];
  return most && { path: partFile, contents: source(most) };
}

/** The files of a project to synthesise. */
export const synthesised = <F extends { path: string }>(files: F[]): F[] =>
  files.some(({ path }) => path === partFile) ? files.filter(({ path }) => path !== plainFile) : files;

/** The files of a project to simulate. */
export const simulatedOf = <F extends { path: string }>(files: F[]): F[] =>
  files.filter(({ path }) => path !== partFile);

const source = ({
  a,
  b,
  instance,
}: Multiplier): string => `// a * b, both signed, by hardware multipliers of ${a} x ${b} bits: OUT bits of it, or its sign on top where OUT is more.
\`default_nettype none
module multiply #(
    parameter A = 8,
    parameter B = 4,
    parameter OUT = 12
) (
    input  wire signed [A-1:0]   i_a,
    input  wire signed [B-1:0]   i_b,
    output wire signed [OUT-1:0] o_product
);
  // Factors are cut into parts: the highest with its sign, the others with a zero in the sign's place.
  localparam PARTS_A = A <= ${a} ? 1 : 1 + (A - ${a} + ${a - 2}) / ${a - 1};
  localparam PARTS_B = B <= ${b} ? 1 : 1 + (B - ${b} + ${b - 2}) / ${b - 1};
  localparam PARTS = PARTS_A * PARTS_B;
  localparam WIDE_A = (PARTS_A - 1) * ${a - 1} + ${a}, WIDE_B = (PARTS_B - 1) * ${b - 1} + ${b};
  wire [WIDE_A-1:0] wide_a = {{(WIDE_A - A + 1) {i_a[A-1]}}, i_a[A-2:0]};
  wire [WIDE_B-1:0] wide_b = {{(WIDE_B - B + 1) {i_b[B-1]}}, i_b[B-2:0]};
  wire signed [OUT-1:0] sums [0:PARTS];
  assign sums[0] = {OUT{1'b0}};
  assign o_product = sums[PARTS];
  genvar i;
  generate
    for (i = 0; i < PARTS; i = i + 1) begin : g_part
      localparam AT_A = i % PARTS_A, AT_B = i / PARTS_A;
      wire [${a - 1}:0] a = {AT_A == PARTS_A - 1 ? wide_a[WIDE_A-1] : 1'b0, wide_a[AT_A*${a - 1} +: ${a - 1}]};
      wire [${b - 1}:0] b = {AT_B == PARTS_B - 1 ? wide_b[WIDE_B-1] : 1'b0, wide_b[AT_B*${b - 1} +: ${b - 1}]};
      wire [${a + b - 1}:0] y;
      ${instance}
      wire signed [${a + b - 1}+OUT:0] wide = {{OUT{y[${a + b - 1}]}}, y};
      wire signed [OUT-1:0] term = wide[OUT-1:0];
      wire unused = &{1'b0, wide};
      localparam SHIFT = AT_A * ${a - 1} + AT_B * ${b - 1};
      // Lower bits pass. Of sums that yosys packs into multipliers it gets those of 33 bits wrong: they begin a bit lower.
      localparam FROM = OUT - SHIFT == 33 ? SHIFT - 1 : SHIFT;
      if (SHIFT == 0) begin : g_first
        assign sums[i+1] = term;
      end else if (SHIFT >= OUT) begin : g_beyond
        assign sums[i+1] = sums[i];
      end else begin : g_add
        wire [OUT-1:0] before = sums[i];
        wire [OUT-FROM-1:0] high = before[OUT-1:FROM] + (term[OUT-FROM-1:0] << (SHIFT - FROM));
        assign sums[i+1] = {high, before[FROM-1:0]};
      end
    end
  endgenerate
endmodule
\`default_nettype wire
`;
