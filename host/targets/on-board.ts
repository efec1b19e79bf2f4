import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Board, boardOf } from '../../firmware-gen/boards/index.js';
import { requirePlace } from '../../firmware-gen/plan-board.js';
import { definition, type Graph } from '../../models/index.js';
import type { BoardLink } from '../device/board-link.js';
import { inTemporaryFolder } from '../system/files.js';
import { required, usageError } from '../system/usage.js';
import { emulateTools, requireTools } from '../toolchain/board-tools.js';
import { compileFirmware } from '../toolchain/compile.js';
import type { Hooks } from './target.js';

/** Which board, and how it is reached. */
export type BoardFlags = {
  board?: string | undefined;
  /** Serial port of a board; without one its emulator runs. */
  port?: string | undefined;
  /** Speed of the port; default: the board's. */
  baud?: number | undefined;
  /** A folder that `build` wrote for the board, for the emulator; default: built now. */
  build?: string | undefined;
};

/** The board that a folder of `build --target firmware` is for; undefined if it is not such a folder. */
export async function boardIn(folder: string): Promise<string | undefined> {
  const header = await readFile(join(folder, 'shell', 'board.h'), 'utf8').catch(() => '');
  return /^#define PLATFORM_NAME "(.*)"$/m.exec(header)?.[1];
}

/** The board that the flags name, or the build's folder; undefined where a port alone is given. */
async function boardOfFlags({ board, port, build }: BoardFlags): Promise<Board | undefined> {
  const built = build === undefined ? undefined : await boardIn(build);
  if (build !== undefined && !built)
    throw usageError(
      `${build} is not a project for a board`,
      "give a folder that 'spikelet build --target firmware' wrote",
    );
  if (built && board && built !== board)
    throw usageError(`${build} was built for ${built}, not ${board}`, 'omit --board');
  const name = board ?? built;
  return name === undefined && port !== undefined ? undefined : boardOf(required(name, '--board'));
}

/** An inference of any core that is alive ends in this time: 200 ns a multiply, and half a minute. */
const patience = (graph: Graph): number =>
  30_000 + 2e-4 * graph.nodes.reduce((sum, node) => sum + definition(node).macs(node, graph), 0);

/**
 * Runs `use` with the board that the flags mean: at its port, or emulated with the program of --build, or
 * with one that is compiled now in a temporary folder. `counting`: an emulator counts instructions.
 */
export async function onBoard<T>(
  graph: Graph,
  flags: BoardFlags,
  { note = () => undefined }: Hooks,
  { counting = false }: { counting?: boolean },
  use: (link: BoardLink, board: Board | undefined) => Promise<T>,
): Promise<T> {
  const board = await boardOfFlags(flags);
  const { withBoard } = await import('../device/board.js');
  const emulated = flags.port === undefined && board?.emulator !== undefined;
  const connect = (folder?: string) =>
    withBoard(
      { board, port: flags.port, baud: flags.baud, folder, counting, note },
      { inferMs: patience(graph) },
      (link) => use(link, board),
    );
  if (!emulated || flags.build !== undefined) return connect(flags.build);
  await requireTools(emulateTools(board), `the emulator of ${board.name}`);
  return inTemporaryFolder('firmware', async (folder) => {
    await compileFirmware(board, requirePlace(board, graph), folder);
    return connect(folder);
  });
}
