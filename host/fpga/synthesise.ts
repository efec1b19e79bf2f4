import type { Area, Family } from '../../fpga/parts.js';
import type { OutputFile } from '../../models/index.js';
import { fileOf, runPackage, textOf, yosys } from './packages.js';
import { treeOf, verilogOf } from './sources.js';

export type Netlist = {
  /** Primitive cells by type. */
  cells: Record<string, number>;
  area: Area;
  /** The netlist as JSON for place-and-route, and as Verilog for simulation. */
  json: Uint8Array;
  verilog: Uint8Array;
};

/** What yosys does for a family of parts. */
const scripts: Record<Family, string> = {
  ice40: 'synth_ice40 -dsp -spram -abc9 -device u',
  'ice40-hx': 'synth_ice40 -abc9 -device hx',
  ecp5: 'synth_ecp5 -abc9',
  xilinx7: 'synth_xilinx -family xc7 -abc9 -flatten',
  gowin: 'synth_gowin',
};

/** Cells that each family counts as its resources; a type not listed costs nothing of these. */
const counted: Record<Family, (type: string) => keyof Area | undefined> = {
  ice40: countIce40,
  'ice40-hx': countIce40,
  ecp5: (type) =>
    type === 'LUT4'
      ? 'luts'
      : type === 'TRELLIS_FF'
        ? 'flipFlops'
        : type === 'DP16KD'
          ? 'brams'
          : type === 'MULT18X18D'
            ? 'dsps'
            : undefined,
  xilinx7: (type) =>
    /^LUT\d$/.test(type)
      ? 'luts'
      : /^FD[RSCP]E$/.test(type)
        ? 'flipFlops'
        : /^RAMB(18|36)E1$/.test(type)
          ? 'brams'
          : type === 'DSP48E1'
            ? 'dsps'
            : undefined,
  gowin: (type) =>
    /^LUT\d$/.test(type)
      ? 'luts'
      : /^DFF/.test(type)
        ? 'flipFlops'
        : /^(DPX?9?B|SDPX?9?B|SPX?9?|pROMX?9?)$/.test(type)
          ? 'brams'
          : /^MULT/.test(type)
            ? 'dsps'
            : undefined,
};

function countIce40(type: string): keyof Area | undefined {
  if (type === 'SB_LUT4') return 'luts';
  if (type.startsWith('SB_DFF')) return 'flipFlops';
  if (type === 'SB_CARRY') return 'carries';
  if (type.startsWith('SB_RAM40')) return 'brams';
  if (type === 'SB_MAC16') return 'dsps';
  return type === 'SB_SPRAM256KA' ? 'sprams' : undefined;
}

/** Synthesises a project for a family of parts, in memory. */
export async function synthesise(files: OutputFile[], top: string, family: Family): Promise<Netlist> {
  const script = [
    `read_verilog ${verilogOf(files).join(' ')}`,
    `${scripts[family]} -top ${top}`,
    'tee -q -o stat.json stat -json',
    'write_json netlist.json',
    'write_verilog -noattr netlist.v',
  ].join('; ');
  const { files: made } = await runPackage(yosys, ['-q', '-p', script], treeOf(files));
  const stat = JSON.parse(textOf(made, 'stat.json')) as {
    design: { num_cells_by_type: Record<string, number> };
  };
  const cells = stat.design.num_cells_by_type;
  const area: Area = { luts: 0, flipFlops: 0, carries: 0, brams: 0, sprams: 0, dsps: 0 };
  for (const [type, count] of Object.entries(cells)) {
    const what = counted[family](type);
    if (what) area[what] += count;
  }
  return { cells, area, json: fileOf(made, 'netlist.json'), verilog: fileOf(made, 'netlist.v') };
}
