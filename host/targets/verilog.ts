import { join } from 'node:path';
import { type Board, fpgaBoardOf, fpgaBoards } from '../../fpga/boards/index.js';
import { estimate } from '../../fpga/estimate/index.js';
import { emitGuide } from '../../fpga/guide.js';
import { emitProject } from '../../fpga/project.js';
import { type Graph, hex32, type OutputFile } from '../../models/index.js';
import { rtlFiles } from '../eda/rtl-files.js';
import type { SeedFlags } from '../eda/seeds.js';
import {
  inSimulatorFolder,
  requireSimulator,
  type SimulatorName,
  simulatorNames,
  simulatorOf,
} from '../eda/simulator.js';
import { loadedWeights } from '../eda/verilator.js';
import type { Part } from '../report/text.js';
import type { Profile } from '../run/profile.js';
import { type SimulationStats, type Verification, verifyVerilog } from '../run/verify.js';
import { isFolder, readBytes } from '../system/files.js';
import { required } from '../system/usage.js';
import {
  type CoreChoice,
  type CoreFlags,
  coreOf,
  type FpgaFlags,
  onFpga,
  requireBoard,
  sessionResult,
} from './on-fpga.js';
import { boardOption, coreOptions, portOptions } from './options.js';
import type { Build, Hooks, ImageHooks, Inspection, Target, Verified, VerifyHooks } from './target.js';
import { type DesignMade, makeDesign, seedOptions } from './verilog-design.js';

export type VerilogBuildOptions = CoreFlags & {
  board?: string | undefined;
} & SeedFlags;

export type VerilogVerifyOptions = FpgaFlags & {
  /** Of the core alone: percent of the clocks that each side of it, and each FIFO in it, waits. */
  stall?: number | undefined;
};

/** Which core a project holds; `hash`: its configuration, in hex. */
export type VerilogData = CoreChoice & { board: string; hash: string };

/** A project for an FPGA. */
export const verilog = {
  makes: 'a project for an FPGA',
  boards: fpgaBoards,
  options: {
    build: [boardOption, ...coreOptions, ...seedOptions],
    verify: [
      { ...boardOption, description: "an FPGA of 'spikelet boards' (without it: the core alone, simulated)" },
      ...portOptions,
      ...coreOptions,
      {
        flags: '--stall <percent>',
        description: 'clocks in which each side of the simulated core, and each FIFO in it, waits',
        value: { kind: 'integer', from: 0, to: 90 },
        default: 0,
      },
    ],
    profile: [boardOption, ...portOptions, ...coreOptions],
  },
  require: {
    build({ board }) {
      fpgaBoardOf(required(board, '--board'));
    },
    async verify(options) {
      await (simulatesCore(options) ? requireSimulator() : requireBoard(options));
    },
    profile: requireBoard,
  },
  build: buildVerilog,
  verify: (graph: Graph, images: Iterable<Int8Array>, options: VerilogVerifyOptions, hooks: VerifyHooks) =>
    simulatesCore(options)
      ? inSimulation(graph, images, options, hooks)
      : onGates(graph, images, options, hooks),
  verdict(result) {
    const { equal, samples } = result;
    if (isSimulation(result))
      return `${equal} of ${samples} samples equal at every tensor, simulated by ${simulatorNames[result.simulator]}`;
    const { layersCounted, board, simulated, hash } = result as OnGates;
    const what = layersCounted ? "logits and every layer's spikes" : 'logits';
    return `${equal} of ${samples} samples: ${what} equal on ${board}${simulated ? ', simulated' : ''}, configuration ${hash}`;
  },
  details: (result) => (isSimulation(result) ? layerReport(result) : []),
  profile: profileVerilog,
  inspect: inspectVerilog,
} satisfies Target<VerilogBuildOptions, VerilogVerifyOptions, FpgaFlags>;

async function buildVerilog(
  graph: Graph,
  options: VerilogBuildOptions,
  { note }: Hooks,
): Promise<Build<VerilogData, DesignMade>> {
  const board = fpgaBoardOf(required(options.board, '--board'));
  const core = coreOf(options);
  if (graph.frontEnd)
    note?.(
      `the front end '${graph.frontEnd.kind}' is not part of the design, which takes its images: compute them outside the design`,
    );
  const { files, rtl, hash, multipliers } = emitProject(graph, board, core);
  const sources: OutputFile[] = [...(await rtlFiles(rtl)), ...files];
  // Clocks depend on how often neurons fire, which a graph tells that was calibrated.
  const cycles = graph.tensors['input']!.activity ? estimate(graph, board, core).cycles : undefined;
  const design = { ...core, hash: hex32(hash), cycles };
  const loads = loadedWeights(files).length;
  const project = [...sources, ...emitGuide(graph, board, { ...design, loads, files: sources })];
  return {
    files: project,
    data: { board: board.name, ...core, hash: design.hash },
    products: [],
    async make(folder, { report, ...hooks }) {
      report?.(
        `${project.length} files of Verilog in ${folder}, configuration ${design.hash}, ${core.architecture}, ${core.lanes} lanes, ${core.datapath}`,
      );
      const given = {
        graph,
        board,
        core,
        sources,
        multipliers,
        cycles,
        seed: options.seed,
        seeds: options.seeds,
      };
      return makeDesign(given, folder, { report, ...hooks });
    },
  };
}

/** Whether the core alone is verified, without a board's link. */
const simulatesCore = ({ board, port }: VerilogVerifyOptions): boolean =>
  board === undefined && port === undefined;

type InSimulation = Verification<'verilog'> & SimulationStats & { simulator: SimulatorName };

const isSimulation = (result: Verified): result is InSimulation => 'simulator' in result;

async function inSimulation(
  graph: Graph,
  images: Iterable<Int8Array>,
  { stall = 0, ...flags }: VerilogVerifyOptions,
  { note = () => undefined, ...given }: VerifyHooks,
): Promise<InSimulation> {
  return inSimulatorFolder('verilog', async (folder) => {
    const simulator = await requireSimulator();
    const core = coreOf(flags);
    const simulate = await simulatorOf(graph, folder, { ...core, note });
    const overlap = core.architecture === 'streaming';
    const result = await verifyVerilog(graph, simulate, images, { ...given, stall: stall / 100, overlap });
    return { ...result, simulator };
  });
}

type OnGates = Verification<'verilog'> & { board: string } & ReturnType<typeof sessionResult>;

async function onGates(
  graph: Graph,
  images: Iterable<Int8Array>,
  flags: FpgaFlags,
  hooks: VerifyHooks,
): Promise<OnGates> {
  const { verifyFpga } = await import('../run/verify-fpga.js');
  return onFpga(graph, flags, hooks, async (session, { name }) => {
    const result = await verifyFpga(graph, session, images, hooks);
    return { ...result, board: name, ...sessionResult(session) };
  });
}

function layerReport({ layers, cycles, interval, stalls, fifos }: InSimulation): Part[] {
  const stalled = fifos.filter((clocks) => clocks > 0).length;
  return [
    `${Math.round(cycles)} cycles from the first pixel to the last logit, ${stalls.toFixed(1)} stalled`,
    ...(fifos.length
      ? [`an image each ${Math.round(interval)} cycles; ${stalled} of ${fifos.length} FIFOs stalled`]
      : []),
    {
      columns: [{ title: 'tensor' }, { title: 'cycles', right: true }, { title: 'spikes', right: true }],
      rows: layers.map(({ tensor, cycles: each, spikes }) => [
        tensor,
        String(Math.round(each)),
        spikes.toFixed(1),
      ]),
    },
  ];
}

async function profileVerilog(
  graph: Graph,
  images: Iterable<Int8Array>,
  flags: FpgaFlags,
  hooks: ImageHooks,
): Promise<Profile> {
  const { profileFpga } = await import('../run/profile-fpga.js');
  return onFpga(graph, flags, hooks, (session, { name, clockHz }: Board) => {
    const device = `${name}${session.simulated ? ' (simulated by CXXRTL)' : ''} at ${clockHz / 1e6} MHz`;
    return profileFpga(graph, session, images, {
      ...{ device, clockHz, lanes: coreOf(flags).lanes },
      ...(hooks.onProgress ? { onProgress: hooks.onProgress } : {}),
    });
  });
}

/** Much more than the largest pixel table takes. */
const MOST_INTERFACE = 4 << 20;

/** A project's folder: what its interface.json tells of the core. */
async function inspectVerilog(path: string): Promise<Inspection | undefined> {
  if (!(await isFolder(path))) return undefined;
  const file = join(path, 'interface.json');
  const bytes = await readBytes(file, MOST_INTERFACE).catch(() => undefined);
  const told = bytes && recordIn(new TextDecoder().decode(bytes));
  if (!told || !('configuration' in told && 'architecture' in told)) return undefined;
  const keys = ['model', 'board', 'configuration', 'architecture', 'lanes', 'datapath', 'clockHz'] as const;
  const found = Object.fromEntries(
    keys.map((key) => [key, typeof told[key] === 'object' ? null : (told[key] ?? null)]),
  );
  return {
    result: { kind: 'verilog', ...found },
    parts: [
      { title: `Verilog of '${found['model']}' for ${found['board']}` },
      {
        columns: [{ title: 'what' }, { title: 'value' }],
        rows: keys.slice(2).map((key) => [key, String(found[key])]),
      },
    ],
  };
}

function recordIn(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
