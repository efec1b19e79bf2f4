import { type Board, fpgaBoardOf } from '../../fpga/boards/index.js';
import {
  type Architecture,
  architectures,
  type Datapath,
  datapaths,
  type VerilogOptions,
} from '../../fpga/emit/index.js';
import { type Graph, hex32 } from '../../models/index.js';
import type { FpgaSession } from '../device/fpga-session.js';
import { clang, installed, installLine, yosys } from '../eda/packages.js';
import type { BoardFlags } from './board-options.js';
import type { Io } from './io.js';
import { integer, oneOf, required, usageError, type VerbOption } from './verb.js';

/** Flags that choose a core. */
export type CoreFlags = { architecture: Architecture; lanes: number; datapath: Datapath };

/** Flags of the verbs that talk to an FPGA. */
export type FpgaFlags = Pick<BoardFlags, 'board' | 'port' | 'baud'> & CoreFlags;

export const coreOptions: VerbOption[] = [
  {
    flags: '--architecture <name>',
    description: `FPGA: one core for all layers or a core per layer: ${architectures.join(', ')}`,
    parse: oneOf(architectures),
    default: 'sequential' as const,
  },
  {
    flags: '--lanes <n>',
    description: 'FPGA: outputs computed side by side',
    parse: integer(1, 64),
    default: 8,
  },
  {
    flags: '--datapath <name>',
    description: `FPGA: how a spike count is added: ${datapaths.join(', ')}`,
    parse: oneOf(datapaths),
    default: 'popcount' as const,
  },
];

/** Throws a usage error where a board without a port is to be simulated, and the packages for it are missing. */
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
  io: Io,
  use: (session: FpgaSession, board: Board) => Promise<T>,
): Promise<T> {
  requireBoard(flags);
  const { port, baud, architecture, lanes, datapath } = flags;
  const board = fpgaBoardOf(flags.board!);
  const { withFpga } = await import('../device/fpga-session.js');
  const options: VerilogOptions = { architecture, lanes, datapath };
  return withFpga({ graph, board, options, port, baud, note: io.note }, (session) => use(session, board));
}

/** What --json tells of a session. */
export const sessionResult = ({ hash, simulated, layersCounted }: FpgaSession) => ({
  hash: hex32(hash),
  simulated,
  layersCounted,
});
