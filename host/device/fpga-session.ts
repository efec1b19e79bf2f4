import type { Board } from '../../fpga/boards/index.js';
import type { VerilogOptions } from '../../fpga/emit/index.js';
import { coreInterface, emitProject } from '../../fpga/project.js';
import { type Graph, hex32, type OutputFile, SpikeletError } from '../../models/index.js';
import { rtlFiles } from '../eda/rtl-files.js';
import { type SimulatedBoard, simulateBoard } from '../eda/simulated-board.js';
import { type FpgaLink, fpgaLink, WeightsNotLoaded } from './fpga-link.js';
import { openPort, type Port } from './port.js';
import { simulatedPort } from './simulated-port.js';

/** Which core, and on which board: the one at a port, or a simulated one. */
export type FpgaTarget = {
  graph: Graph;
  board: Board;
  options: VerilogOptions;
  port?: string | undefined;
  baud?: number | undefined;
  note(line: string): void;
};

/**
 * A link to a board with the right configuration and weights. `simulated`: clock by clock, on this machine.
 */
export type FpgaSession = {
  link: FpgaLink;
  hash: number;
  simulated: boolean;
  /** Whether the design counts each layer's cycles and spikes. */
  layersCounted: boolean;
  /**
   * Runs `what` and returns how many seconds it took; for a simulated board, seconds of its clock until its
   * line was quiet.
   */
  timed(what: () => Promise<unknown>): Promise<number>;
};

/** Enough, in ms at the board's clock, for a frame of the slowest design of the largest graph that fits. */
const FRAME_MS = 30_000;

/**
 * Connects to a board, compares its configuration with the Graph's, loads the weights, and closes the port
 * afterwards. Throws a SpikeletError: with exit code 3 if the board is missing or silent; with the install
 * command if no port is given and the simulator's packages are missing.
 */
export async function withFpga<T>(
  { graph, board, options, port: path, baud, note }: FpgaTarget,
  use: (session: FpgaSession) => Promise<T>,
): Promise<T> {
  const { files, rtl, hash } = emitProject(graph, board, options);
  const simulation =
    path === undefined
      ? await boardOfSimulation([...(await rtlFiles(rtl)), ...files], board, note)
      : undefined;
  const simulated = simulation !== undefined;
  const port: Port = simulation
    ? simulatedPort(simulation, board.clockHz)
    : await openPort(path!, { baud: baud ?? board.baud });
  try {
    const { logits, tensors } = coreInterface(graph, options);
    const link = fpgaLink(port, { logits, tensors, frameMs: FRAME_MS });
    const found = await link.ping();
    if (found !== hash)
      throw new SpikeletError(
        `the configuration of ${board.name} is ${hex32(found)}, but '${graph.name}' with these options has ${hex32(hash)}`,
        {
          hint: "give the options that it was built with, or run 'spikelet build --target verilog' and 'spikelet flash' again",
        },
      );
    const weights = files.find(({ path: name }) => name === 'weights.bin')?.contents;
    const load = async () => {
      if (weights instanceof Uint8Array) await link.load(weights);
      await link.reset();
    };
    if (!(await link.status()).loaded) note('the weights are not loaded: loading them');
    await load();
    // A board that was power-cycled has lost the weights in single-port RAM.
    const infer = async (values: Int8Array) => {
      try {
        return await link.infer(values);
      } catch (error) {
        if (!(error instanceof WeightsNotLoaded)) throw error;
        note('the weights are no longer loaded: loading them again');
        await load();
        return link.infer(values);
      }
    };
    return await use({
      link: { ...link, infer },
      hash,
      simulated,
      layersCounted: tensors > 0,
      timed: timer(board, simulation),
    });
  } finally {
    await port.close();
  }
}

/** `timed` of a session. */
const timer =
  ({ clockHz }: Board, simulation?: SimulatedBoard): FpgaSession['timed'] =>
  async (what) => {
    const [clocks, started] = [simulation?.clocks() ?? 0, performance.now()];
    await what();
    return simulation
      ? (simulation.clocks() - simulation.silence() - clocks) / clockHz
      : (performance.now() - started) / 1000;
  };

async function boardOfSimulation(
  files: OutputFile[],
  board: Board,
  note: (line: string) => void,
): Promise<SimulatedBoard> {
  note(`no --port: simulating ${board.name} with CXXRTL, which takes minutes to compile for a large design`);
  const design = files.filter(({ path }) => path !== 'weights.bin');
  return simulateBoard(design, board);
}
