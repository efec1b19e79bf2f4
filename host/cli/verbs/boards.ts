import { boards as all, type Board, memoryOf } from '../../../firmware-gen/boards/index.js';
import type { ModelBytes } from '../../../firmware-gen/fits.js';
import { type Placed, placer } from '../../../firmware-gen/plan-board.js';
import { fpgaBoards } from '../../../fpga/boards/index.js';
import { explore } from '../../../fpga/estimate/explore.js';
import { ramBits } from '../../../fpga/parts.js';
import { type Graph, SpikeletError } from '../../../models/index.js';
import { loadGraph } from '../../api/load.js';
import { bytes, quantity } from '../../report/text.js';
import type { Io } from '../io.js';
import { verb } from '../verb.js';

const RIGHT = { right: true } as const;

export const boards = verb({
  summary: 'list the boards and FPGAs that are built for, and on which of them a Graph fits',
  arguments: [['[graph]', 'a Graph, as quantize writes it']],
  options: [],
  async run([path], _options, io) {
    if (!path) return { result: { ...list(io), ...listFpgas(io) } };
    const graph = await loadGraph(path);
    return { result: { ...listFits(graph, io), ...listFpgaFits(graph, io) } };
  },
});

/** How a board is tested without hardware, or a note that it is untested. */
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
      { title: 'counts', rank: 2 },
      { title: 'runs in', rank: 1 },
    ],
    rows.map((row) => [row.name, row.core, bytes(row.flash), bytes(row.ram), row.counts, row.tried]),
  );
  return { boards: rows };
}

function listFpgas(io: Io) {
  io.print();
  io.table(
    [
      { title: 'FPGA' },
      { title: 'what' },
      { title: 'look-up tables', ...RIGHT },
      { title: 'block RAM', ...RIGHT },
      { title: 'single-port RAM', ...RIGHT, rank: 2 },
      { title: 'multipliers', ...RIGHT, rank: 1 },
      { title: 'clock', ...RIGHT },
      { title: 'written by', rank: 3 },
    ],
    fpgaBoards.map(({ name, title, capacity, bramBits, clockHz, programmer }) => [
      name,
      title,
      String(capacity.luts),
      bytes((capacity.brams * bramBits) / 8),
      capacity.sprams ? bytes(ramBits({ ...capacity, brams: 0 }, 0) / 8) : '',
      String(capacity.dsps),
      `${clockHz / 1e6} MHz`,
      programmer?.program ?? '',
    ]),
  );
  return { fpgas: fpgaBoards };
}

/** For each FPGA board, the fastest design that is expected to fit. */
function listFpgaFits(graph: Graph, io: Io) {
  const rows = fpgaBoards.map((board) => {
    try {
      const points = explore([graph], board);
      const best = points.find(({ short }) => !short.length);
      return { name: board.name, fits: best !== undefined, best: best ?? null };
    } catch (error) {
      if (!(error instanceof SpikeletError)) throw error;
      return { name: board.name, fits: false, best: null, problem: error.message };
    }
  });
  io.print();
  io.print(io.bold(`on FPGAs, by estimate: the fastest design that fits ('spikelet explore' lists all)`));
  io.table(
    [
      { title: 'FPGA' },
      { title: 'fits' },
      { title: 'architecture' },
      { title: 'datapath' },
      { title: 'lanes', ...RIGHT },
      { title: '~LUT', ...RIGHT },
      { title: '~ms at its clock', ...RIGHT },
    ],
    rows.map(({ name, best }) => {
      if (!best) return [name, 'no', '', '', '', '', ''];
      const { clockHz } = fpgaBoards.find((board) => board.name === name)!;
      const { architecture, datapath, lanes, estimate } = best;
      const time = ((estimate.cycles / clockHz) * 1e3).toPrecision(3);
      return [name, 'yes', architecture, datapath, String(lanes), String(estimate.area.luts), time];
    }),
  );
  for (const { name, problem } of rows) if (problem) io.print(`${name}: ${problem}`);
  return { fpgas: rows };
}

function listFits(graph: Graph, io: Io) {
  const place = placer(graph);
  const rows = all.map((board) => ({ name: board.name, ...fitOf(board, place) }));
  const cells = (used: { used: number; bytes: number } | undefined) =>
    used ? `${used.used} of ${used.bytes}` : '';
  io.print(io.bold(`'${graph.name}' on boards: bytes used of those there are, at most`));
  io.table(
    [
      { title: 'board' },
      { title: 'fits' },
      { title: 'flash', ...RIGHT },
      { title: 'weights elsewhere', ...RIGHT, rank: 1 },
      { title: 'RAM with stack', ...RIGHT },
      { title: 'arena', ...RIGHT, rank: 2 },
      { title: 'stack', ...RIGHT, rank: 3 },
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

function fitOf(board: Board, place: (board: Board) => Placed): BoardFit {
  try {
    const { fit, model, weightsRead } = place(board);
    return { fits: !fit.problem, problem: fit.problem, fit, ...model, weightsRead };
  } catch (error) {
    if (!(error instanceof SpikeletError)) throw error;
    return { fits: false, problem: error.message };
  }
}
