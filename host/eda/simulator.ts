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

/** Display names of the Verilog simulators. */
export const simulatorNames = { verilator: 'Verilator', cxxrtl: 'CXXRTL (npm packages)' } as const;
export type SimulatorName = keyof typeof simulatorNames;

/** The installed simulator: Verilator, which is four times as fast, or CXXRTL from npm packages. */
export async function simulatorThere(): Promise<SimulatorName | undefined> {
  const [verilator, ...builders] = await Promise.all(
    ['verilator', 'g++', 'make'].map((tool) => versionOfTool(tool)),
  );
  if (verilator && builders.every(Boolean)) return 'verilator';
  return cxxrtlPackages.every(installed) ? 'cxxrtl' : undefined;
}

const cxxrtlPackages = [yosys, clang];

/** Both ways to install a simulator. */
export const simulatorInstall = (): string => `${verilatorInstall}, or ${installLine(...cxxrtlPackages)}`;

/** The installed simulator. Throws a SpikeletError with both ways to install one if there is none. */
export async function requireSimulator(): Promise<SimulatorName> {
  const name = await simulatorThere();
  if (name) return name;
  throw new SpikeletError('no Verilog simulator is installed', { hint: simulatorInstall() });
}

/** Runs `use` with a temporary folder to compile in, without spaces in its path if possible. */
export async function inSimulatorFolder<T>(purpose: string, use: (folder: string) => Promise<T>): Promise<T> {
  for (const base of [tmpdir(), '/tmp', '/var/tmp'])
    if (await isPlain(base)) return inTemporaryFolder(purpose, use, base);
  return inTemporaryFolder(purpose, use);
}

/** `note` gets progress lines; CXXRTL can take minutes. */
export type SimulatorOptions = VerilogOptions & { note?: (line: string) => void };

/**
 * A simulator of a Graph's core, compiled in `folder`. Throws a SpikeletError with the install commands if
 * there is none.
 */
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

/** CXXRTL, compiled to WebAssembly. It returns all frames at once, after the last image. */
async function compileCxxrtlSimulator(graph: Graph, options: VerilogOptions): Promise<Simulator> {
  // Imported here because node:wasi prints a warning when loaded.
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
