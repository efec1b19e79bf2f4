import { simulationPorts, type VerilogOptions } from '../../fpga/emit.js';
import { type Graph, SpikeletError } from '../../models/index.js';
import { versionOfTool } from '../firmware/tools.js';
import { clang, installed, installLine, yosys } from './packages.js';
import {
  compileVerilator,
  type Frame,
  harnessArguments,
  loadedWeights,
  type Simulator,
  verilatorInstall,
  verilogFiles,
} from './verilator.js';

/** Which simulator there is: Verilator, four times as fast, else CXXRTL by npm packages alone. */
export async function simulatorThere(): Promise<'verilator' | 'cxxrtl' | undefined> {
  if (await versionOfTool('verilator')) return 'verilator';
  return installed(yosys) && installed(clang) ? 'cxxrtl' : undefined;
}

/** How one is installed. */
export const simulatorInstall = (): string => `${verilatorInstall}, or ${installLine(clang)}`;

/** A simulator of a Graph's core, compiled in `folder`. Throws a SpikeletError with the install line where there is none. */
export async function simulatorOf(graph: Graph, folder: string, options: VerilogOptions): Promise<Simulator> {
  switch (await simulatorThere()) {
    case 'verilator':
      return compileVerilator(graph, folder, options);
    case 'cxxrtl':
      return compileCxxrtlSimulator(graph, options);
    case undefined:
      throw new SpikeletError('there is no simulator of Verilog', { hint: simulatorInstall() });
  }
}

/** CXXRTL, compiled to WebAssembly. Its frames come together once all images have been given. */
async function compileCxxrtlSimulator(graph: Graph, options: VerilogOptions): Promise<Simulator> {
  // Imported here: node:wasi warns on being loaded.
  const { compileCxxrtlCore } = await import('./cxxrtl-core.js');
  const files = await verilogFiles(graph, options);
  const weights = loadedWeights(files);
  const core = await compileCxxrtlCore(
    files.filter(({ path }) => path !== 'weights.bin'),
    simulationPorts(graph, options),
  );
  return async function* (images, simulation) {
    for (const line of core(harnessArguments(graph, simulation, weights), [...images], weights))
      yield JSON.parse(line) as Frame;
  };
}
