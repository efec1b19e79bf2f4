import type { OutputFile } from '../../models/index.js';
import { synthesise } from './synthesise.js';
import { shared } from './yosys-resources.js';

/** Verilator arguments for a netlist: no default assignments, no delays, no width warnings. */
export const gateArguments = ['-DNO_ICE40_DEFAULT_ASSIGNMENTS', '-Wno-fatal', '-Wno-lint', '--no-timing'];

/**
 * A core after synthesis for iCE40 UltraPlus: its netlist of LUTs, flip-flops, RAMs and multipliers, and
 * yosys' models of these cells. The top keeps its name and ports, including traces.
 */
export async function gatesOf(files: OutputFile[]): Promise<OutputFile[]> {
  const { verilog } = await synthesise(files, 'spikelet_core', 'ice40');
  return [
    { path: 'netlist.v', contents: verilog },
    { path: 'cells_sim.v', contents: await cellModels('ice40') },
  ];
}

/** Yosys' models of a family's cells, by the name of its folder. */
export async function cellModels(family: 'ice40'): Promise<string> {
  const cells = (await shared(family))['cells_sim.v'];
  if (typeof cells !== 'string') throw new Error(`yosys has no models of ${family} cells`);
  return cells;
}
