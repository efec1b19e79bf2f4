import { z } from 'zod';
import { boardTop } from '../../fpga/board-top.js';
import { type Board, constraintsOf } from '../../fpga/boards/index.js';
import { type Design, simulationOf } from '../../fpga/estimate/index.js';
import { shortOf } from '../../fpga/fits.js';
import type { Area } from '../../fpga/parts.js';
import { emitProject } from '../../fpga/project.js';
import { crcOf, type Graph, hex32, SpikeletError } from '../../models/index.js';
import { cached, crcOfFiles } from '../eda/cache.js';
import { installed, nextpnr } from '../eda/packages.js';
import { place } from '../eda/place.js';
import { rtlFiles } from '../eda/rtl-files.js';
import { inSimulatorFolder, simulatorOf } from '../eda/simulator.js';
import { synthesise } from '../eda/synthesise.js';
import { verilogFiles } from '../eda/verilator.js';
import { verifyVerilog } from './verify.js';

const count = z.number().min(0);
const areaSchema = z.strictObject({
  area: z.strictObject({
    luts: count,
    flipFlops: count,
    carries: count,
    brams: count,
    sprams: count,
    dsps: count,
  }),
  short: z.array(z.string()),
  cells: count.exactOptional(),
  fmaxHz: count.exactOptional(),
});
const cyclesSchema = z.strictObject({ cycles: count, nodeCycles: z.array(z.number()) });

/**
 * Results of synthesis and place-and-route. `short`: resources that the board lacks, empty if the design
 * fits; iCE40 logic cells and the maximum clock if it was placed.
 */
export type MeasuredArea = { area: Area; short: string[]; cells?: number; fmaxHz?: number };

/** Clocks of a frame: the mean of all, and of the input's arrival and each node in order. */
export type MeasuredCycles = { cycles: number; nodeCycles: number[] };

/** Absent fields were not measured; `images`: how many images the mean clocks are over. */
export type Measured = MeasuredArea & { cycles?: number; images?: number };

export type MeasureOptions = {
  /** Whether to place the design if place-and-route knows the board; this takes half of the time. */
  places?: boolean;
  /** Folder that caches measured values. */
  folder?: string | undefined;
  /** Called with progress lines. */
  note?: (line: string) => void;
};

/** Synthesises a design for a board and optionally places it. */
export async function measureArea(
  graph: Graph,
  board: Board,
  design: Design,
  { places = true, folder }: MeasureOptions = {},
): Promise<MeasuredArea> {
  const { files, rtl } = emitProject(graph, board, design);
  const project = [...(await rtlFiles(rtl)), ...files];
  const placed = places && board.nextpnr !== undefined && installed(nextpnr);
  const name = `${board.name}-${crcOfFiles(project)}${placed ? '-placed' : ''}`;
  return cached(folder, name, areaSchema, async () => {
    const { area, json } = await synthesise(project, boardTop, board.family);
    const short = shortOf(area, board).map(({ text }) => text);
    if (short.length || !placed) return { area, short };
    try {
      const { utilisation, fmaxHz } = await place(json, board, constraintsOf(board));
      const cells = utilisation['ICESTORM_LC']?.used;
      return { area, short, fmaxHz, ...(cells === undefined ? {} : { cells }) };
    } catch (error) {
      // LUTs and flip-flops that cannot share cells may need more cells than there are.
      if (!(error instanceof SpikeletError)) throw error;
      return { area, short: [`not placed: ${error.message.split('\n').at(-1)!.trim()}`] };
    }
  });
}

/** Simulates a design on images of i8 pixels. Throws if any integer differs from the interpreter's. */
export async function measureCycles(
  graph: Graph,
  board: Board,
  design: Design,
  images: Int8Array[],
  { folder, note }: Pick<MeasureOptions, 'folder' | 'note'> = {},
): Promise<MeasuredCycles> {
  const options = simulationOf(graph, board, design);
  const pixels = images.map((image) => hex32(crcOf(image))).join(' ');
  const name = crcOfFiles([...(await verilogFiles(graph, options)), { path: 'images', contents: pixels }]);
  return cached(folder, `cycles-${name}`, cyclesSchema, () =>
    inSimulatorFolder('explore', async (where) => {
      const simulate = await simulatorOf(graph, where, { ...options, ...(note ? { note } : {}) });
      const { cycles, layers, firstDifference } = await verifyVerilog(graph, simulate, images);
      if (firstDifference)
        throw new SpikeletError(
          `the simulated core differs from the interpreter in '${firstDifference.tensor}'`,
        );
      return { cycles, nodeCycles: layers.map((layer) => layer.cycles) };
    }),
  );
}
