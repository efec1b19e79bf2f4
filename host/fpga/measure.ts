import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { boardTop } from '../../fpga/board-top.js';
import { type Board, constraintsOf } from '../../fpga/boards/index.js';
import type { Design } from '../../fpga/estimate/index.js';
import { shortOf } from '../../fpga/fits.js';
import type { Area } from '../../fpga/parts.js';
import { emitProject } from '../../fpga/project.js';
import { type Graph, SpikeletError } from '../../models/index.js';
import { verifyVerilog } from '../verify.js';
import { installed, nextpnr } from './packages.js';
import { place } from './place.js';
import { rtlFiles } from './rtl.js';
import { simulatorOf } from './simulator.js';
import { synthesise } from './synthesise.js';

/** What synthesis, place-and-route and simulation said of a design; what is absent was not measured. */
export type Measured = {
  area: Area;
  /** What the board has too little of; empty: it fits. */
  short: string[];
  /** Logic cells of iCE40, placed. */
  cells?: number;
  fmaxHz?: number;
  /** Mean of a frame, over so many images, all tensors of which were equal to the interpreter's. */
  cycles?: number;
  images?: number;
};

/** Synthesises a design for a board and places it where the board is known to place-and-route. */
export async function measureArea(graph: Graph, board: Board, design: Design): Promise<Measured> {
  const { files, rtl } = emitProject(graph, board, design);
  const { area, json } = await synthesise([...(await rtlFiles(rtl)), ...files], boardTop, board.family);
  const short = shortOf(area, board).map(({ text }) => text);
  if (short.length || !board.nextpnr || !installed(nextpnr)) return { area, short };
  try {
    const { utilisation, fmaxHz } = await place(json, board, constraintsOf(board));
    const cells = utilisation['ICESTORM_LC']?.used;
    return { area, short, fmaxHz, ...(cells === undefined ? {} : { cells }) };
  } catch (error) {
    // Look-up tables and flip-flops that share no cell may take more cells than there are.
    if (!(error instanceof SpikeletError)) throw error;
    return { area, short: [`not placed: ${error.message.split('\n').at(-1)}`] };
  }
}

/** Clocks of a frame: the mean of all, and of the input's arrival and each node in order. */
export type MeasuredCycles = { cycles: number; nodeCycles: number[] };

/** Simulates a design on images of i8 pixels. Throws where an integer differs from the interpreter's. */
export async function measureCycles(
  graph: Graph,
  design: Design,
  images: Int8Array[],
): Promise<MeasuredCycles> {
  const folder = await mkdtemp(join(tmpdir(), 'spikelet-explore-'));
  try {
    const simulate = await simulatorOf(graph, folder, design);
    const { cycles, layers, firstDifference } = await verifyVerilog(graph, simulate, images);
    if (firstDifference)
      throw new SpikeletError(
        `the simulated core differs from the interpreter in '${firstDifference.tensor}'`,
      );
    return { cycles, nodeCycles: layers.map((layer) => layer.cycles) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
