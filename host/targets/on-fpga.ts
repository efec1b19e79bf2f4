import { type Board, fpgaBoardOf } from '../../fpga/boards/index.js';
import type { Architecture, Datapath, VerilogOptions } from '../../fpga/emit/index.js';
import { type Graph, hex32 } from '../../models/index.js';
import type { FpgaSession } from '../device/fpga-session.js';
import { clang, installed, installLine, yosys } from '../eda/packages.js';
import { required, usageError } from '../system/usage.js';
import type { BoardFlags } from './on-board.js';
import type { Hooks } from './target.js';

/** Which core an FPGA gets: one for all layers or one per layer, its lanes, how it adds a spike count. */
export type CoreFlags = {
  architecture?: Architecture | undefined;
  lanes?: number | undefined;
  datapath?: Datapath | undefined;
};

/** A core whose every choice is made. */
export type CoreChoice = Required<Pick<VerilogOptions, 'architecture' | 'lanes' | 'datapath'>>;

/** The core that the flags mean. */
export const coreOf = ({ architecture, lanes, datapath }: CoreFlags): CoreChoice => ({
  architecture: architecture ?? 'sequential',
  lanes: lanes ?? 8,
  datapath: datapath ?? 'popcount',
});

/** What talking to an FPGA takes. */
export type FpgaFlags = Pick<BoardFlags, 'board' | 'port' | 'baud'> & CoreFlags;

/**
 * Throws a usage error where a board without a port is to be simulated, and the packages for it are missing.
 */
export function requireBoard({ board, port }: Pick<BoardFlags, 'board' | 'port'>): void {
  const { name } = fpgaBoardOf(required(board, '--board'));
  const missing = [yosys, clang].filter((tool) => !installed(tool));
  if (port === undefined && missing.length)
    throw usageError(
      `without --port ${name} is simulated, which needs ${missing.map((tool) => tool.name).join(' and ')}`,
      `${installLine(...missing)}, or name the port`,
    );
}

/** Runs `use` with the board at its port, or with a simulated one where no port is given. */
export async function onFpga<T>(
  graph: Graph,
  flags: FpgaFlags,
  { note = () => undefined }: Hooks,
  use: (session: FpgaSession, board: Board) => Promise<T>,
): Promise<T> {
  requireBoard(flags);
  const { port, baud } = flags;
  const board = fpgaBoardOf(flags.board!);
  const { withFpga } = await import('../device/fpga-session.js');
  return withFpga({ graph, board, options: coreOf(flags), port, baud, note }, (session) =>
    use(session, board),
  );
}

/** What --json tells of a session. */
export const sessionResult = ({ hash, simulated, layersCounted }: FpgaSession) => ({
  hash: hex32(hash),
  simulated,
  layersCounted,
});
