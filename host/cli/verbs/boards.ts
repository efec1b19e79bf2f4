import { boards as all, type Board, memoryOf } from '../../../firmware-gen/boards/index.js';
import type { ModelBytes } from '../../../firmware-gen/fits.js';
import { type Graph, SpikeletError } from '../../../models/index.js';
import { type Placed, placeOn } from '../../firmware/plan-board.js';
import { bytes, quantity } from '../../report/text.js';
import type { Io } from '../io.js';
import { loadGraph } from '../load.js';
import { verb } from '../verb.js';

const RIGHT = { right: true } as const;

export const boards = verb({
  summary: 'list the boards that firmware is built for, and on which of them a Graph fits',
  arguments: [['[graph]', 'a Graph, as quantize writes it']],
  options: [],
  async run([path], _options, io) {
    return { result: path ? listFits(await loadGraph(path), io) : list(io) };
  },
});

/** How a board is tried without hardware, or that nobody did. */
const tried = ({ emulator, loader, untried }: Board): string => {
  if (loader) return `spikelet's loader on ${loader.board}`;
  if (!emulator) return untried ?? '';
  return emulator.kind === 'qemu' ? `QEMU ${emulator.machine}` : emulator.kind;
};

function list(io: Io) {
  const rows = all.map((board) => ({
    name: board.name,
    title: board.title,
    core: board.core,
    flash: memoryOf(board, board.code).bytes,
    ram: memoryOf(board, board.ram).bytes,
    weights: board.weights.map((name) => memoryOf(board, name).bytes),
    counts: board.counter.means,
    tried: tried(board),
  }));
  io.table(
    [
      { title: 'board' },
      { title: 'core' },
      { title: 'flash', ...RIGHT },
      { title: 'RAM', ...RIGHT },
      { title: 'counts' },
      { title: 'runs in' },
    ],
    rows.map((row) => [row.name, row.core, bytes(row.flash), bytes(row.ram), row.counts, row.tried]),
  );
  return { boards: rows };
}

function listFits(graph: Graph, io: Io) {
  const rows = all.map((board) => ({ name: board.name, ...fitOf(board, graph) }));
  const cells = (used: { used: number; bytes: number } | undefined) =>
    used ? `${used.used} of ${used.bytes}` : '';
  io.print(io.bold(`'${graph.name}' on boards: bytes used of those there are, at most`));
  io.table(
    [
      { title: 'board' },
      { title: 'fits' },
      { title: 'flash', ...RIGHT },
      { title: 'weights elsewhere', ...RIGHT },
      { title: 'RAM with stack', ...RIGHT },
      { title: 'arena', ...RIGHT },
      { title: 'stack', ...RIGHT },
    ],
    rows.map((row) => [
      row.name,
      row.fits ? 'yes' : 'no',
      cells(row.fit?.flash),
      cells(row.fit?.beside),
      cells(row.fit?.ram),
      row.arena === undefined ? '' : String(row.arena),
      row.fit ? String(row.fit.stack) : '',
    ]),
  );
  for (const { name, problem } of rows) if (problem) io.print(`${name}: ${problem}`);
  const read = rows.find((row) => row.weightsRead !== undefined)?.weightsRead;
  if (read !== undefined) {
    io.print();
    io.print(
      `one inference reads ${quantity(read)} bytes of weights, at the calibration images' firing rates`,
    );
  }
  return { name: graph.name, boards: rows };
}

type BoardFit = { fits: boolean; problem?: string | undefined } & Partial<
  ModelBytes & Pick<Placed, 'fit' | 'weightsRead'>
>;

function fitOf(board: Board, graph: Graph): BoardFit {
  try {
    const { fit, model, weightsRead } = placeOn(board, graph);
    return { fits: !fit.problem, problem: fit.problem, fit, ...model, weightsRead };
  } catch (error) {
    if (!(error instanceof SpikeletError)) throw error;
    return { fits: false, problem: error.message };
  }
}
