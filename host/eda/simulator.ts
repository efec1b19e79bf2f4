import { tmpdir } from 'node:os';
import { simulationPorts, type VerilogOptions } from '../../fpga/emit/index.js';
import { type Graph, SpikeletError } from '../../models/index.js';
import { inTemporaryFolder } from '../system/files.js';
import { versionOfTool } from '../toolchain/tools.js';
import { clang, installed, installLine, yosys } from './packages.js';
import {
  compileVerilator,
  type Frame,
  harnessArguments,
  isPlain,
  loadedWeights,
  type Simulator,
  verilatorInstall,
  verilogFiles,
} from './verilator.js';

/** Simulators of Verilog, as they are named to people. */
export const simulatorNames = { verilator: 'Verilator', cxxrtl: 'CXXRTL (npm packages)' } as const;
export type SimulatorName = keyof typeof simulatorNames;

/** Which simulator is installed: Verilator, four times as fast, else CXXRTL by npm packages alone. */
export async function simulatorThere(): Promise<SimulatorName | undefined> {
  const [verilator, ...builders] = await Promise.all(
    ['verilator', 'g++', 'make'].map((tool) => versionOfTool(tool)),
  );
  if (verilator && builders.every(Boolean)) return 'verilator';
  return cxxrtlPackages.every(installed) ? 'cxxrtl' : undefined;
}

const cxxrtlPackages = [yosys, clang];

/** Both ways to install one. */
export const simulatorInstall = (): string => `${verilatorInstall}, or ${installLine(...cxxrtlPackages)}`;

/** The simulator that is used. Throws a SpikeletError with both ways to install one where there is none. */
export async function requireSimulator(): Promise<SimulatorName> {
  const name = await simulatorThere();
  if (name) return name;
  throw new SpikeletError('no simulator of Verilog is installed', { hint: simulatorInstall() });
}

/** Runs `use` with a folder to compile in, which is gone afterwards: one without spaces in its path, if there is any. */
export async function inSimulatorFolder<T>(purpose: string, use: (folder: string) => Promise<T>): Promise<T> {
  for (const base of [tmpdir(), '/tmp', '/var/tmp'])
    if (await isPlain(base)) return inTemporaryFolder(purpose, use, base);
  return inTemporaryFolder(purpose, use);
}

/** `note` is told what is worked at, for minutes with CXXRTL. */
export type SimulatorOptions = VerilogOptions & { note?: (line: string) => void };

/** A simulator of a Graph's core, compiled in `folder`. Throws a SpikeletError with the install lines where there is none. */
export async function simulatorOf(
  graph: Graph,
  folder: string,
  { note = () => {}, ...options }: SimulatorOptions,
): Promise<Simulator> {
  const name = await requireSimulator();
  const started = performance.now();
  note(
    `compiling the core for ${simulatorNames[name]}${name === 'cxxrtl' ? ': minutes for a large design' : ''}`,
  );
  const simulator = await compilers[name](graph, folder, options);
  note(`compiled in ${((performance.now() - started) / 1000).toFixed(0)} s`);
  return simulator;
}

const compilers: Record<
  SimulatorName,
  (graph: Graph, folder: string, options: VerilogOptions) => Promise<Simulator>
> = {
  verilator: compileVerilator,
  cxxrtl: (graph, _folder, options) => compileCxxrtlSimulator(graph, options),
};

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
