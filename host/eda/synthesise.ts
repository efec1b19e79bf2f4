import { synthesised } from '../../fpga/multiplier.js';
import { type Area, type Family, synthesisOf } from '../../fpga/parts.js';
import type { OutputFile } from '../../models/index.js';
import { treeOf, verilogOf } from './file-tree.js';
import { fileOf, runPackage, textOf, yosys } from './packages.js';

export type Netlist = {
  /** Primitive cells by type. */
  cells: Record<string, number>;
  area: Area;
  /** The netlist as JSON for place-and-route, and as Verilog for simulation. */
  json: Uint8Array;
  verilog: Uint8Array;
};

/** Resource use by cell type; types not listed use none of these resources. */
type Counted = [type: RegExp, what: keyof Area, each: number][];

const countedIce40: Counted = [
  [/^SB_LUT4$/, 'luts', 1],
  [/^SB_DFF/, 'flipFlops', 1],
  [/^SB_CARRY$/, 'carries', 1],
  [/^SB_RAM40/, 'brams', 1],
  [/^SB_SPRAM256KA$/, 'sprams', 1],
  [/^SB_MAC16$/, 'dsps', 1],
];

const counted: Record<Family, Counted> = {
  ice40: countedIce40,
  'ice40-hx': countedIce40,
  ecp5: [
    [/^LUT4$/, 'luts', 1],
    // Four bits and their write port take three slices of two LUTs.
    [/^TRELLIS_DPR16X4$/, 'luts', 6],
    [/^TRELLIS_FF$/, 'flipFlops', 1],
    [/^CCU2C$/, 'carries', 1],
    [/^DP16KD$/, 'brams', 1],
    [/^MULT18X18D$/, 'dsps', 1],
  ],
  xilinx7: [
    [/^LUT\d$/, 'luts', 1],
    [/^RAM(32|64)M$/, 'luts', 4],
    [/^FD[RSCP]E$/, 'flipFlops', 1],
    [/^CARRY4$/, 'carries', 1],
    [/^RAMB36E1$/, 'brams', 1],
    // Two fit in the place of one RAMB36.
    [/^RAMB18E1$/, 'brams', 0.5],
    [/^DSP48E1$/, 'dsps', 1],
  ],
  gowin: [
    [/^LUT\d$/, 'luts', 1],
    [/^DFF/, 'flipFlops', 1],
    [/^ALU$/, 'carries', 1],
    [/^(DPX?9?B|SDPX?9?B|SPX?9?|pROMX?9?)$/, 'brams', 1],
    [/^MULT/, 'dsps', 1],
  ],
};

/** Resources that cells use in a family of parts. */
export function areaOf(cells: Record<string, number>, family: Family): Area {
  const area: Area = { luts: 0, flipFlops: 0, carries: 0, brams: 0, sprams: 0, dsps: 0 };
  for (const [type, count] of Object.entries(cells)) {
    const found = counted[family].find(([types]) => types.test(type));
    if (found) area[found[1]] += count * found[2];
  }
  return { ...area, brams: Math.ceil(area.brams) };
}

/** Synthesises a project for a family of parts, in memory. */
export async function synthesise(files: OutputFile[], top: string, family: Family): Promise<Netlist> {
  const script = [
    `read_verilog ${verilogOf(synthesised(files)).join(' ')}`,
    `${synthesisOf[family]} -top ${top}`,
    'tee -q -o stat.json stat -json',
    'write_json netlist.json',
    'write_verilog -noattr netlist.v',
  ].join('; ');
  const { files: made } = await runPackage(yosys, ['-q', '-p', script], treeOf(files));
  const stat = JSON.parse(textOf(made, 'stat.json')) as {
    design: { num_cells_by_type: Record<string, number> };
  };
  const cells = stat.design.num_cells_by_type;
  return {
    cells,
    area: areaOf(cells, family),
    json: fileOf(made, 'netlist.json'),
    verilog: fileOf(made, 'netlist.v'),
  };
}
