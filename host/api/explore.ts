import { type Board, fpgaBoardOf } from '../../fpga/boards/index.js';
import { explore as designs, type Point } from '../../fpga/estimate/explore.js';
import { knownErrors } from '../../fpga/estimate/known-errors.js';
import type { Graph, OutputFile } from '../../models/index.js';
import { installed, installLine, nextpnr, yosys } from '../eda/packages.js';
import { simulatorInstall, simulatorThere } from '../eda/simulator.js';
import { exploreSvg } from '../report/explore-chart.js';
import { measureBest } from '../run/explore.js';
import type { Measured } from '../run/measure-design.js';
import { type Images, imagesFor } from './images.js';

export type ExploreOptions = {
  /** Designs that are synthesised, placed and simulated, the best by their estimates; default 3, 0: estimates alone. */
  measure?: number;
  /** Images whose clocks are simulated: a dataset, or i8 pixels of a graph; without them no clocks are measured. */
  images?: Images;
  /** How many of them; default 10. */
  count?: number;
  /** A folder that keeps what was measured, which is not measured again. */
  folder?: string | undefined;
  /** What tells the graphs apart in the chart; default: their names. */
  names?: string[];
  note?: ((line: string) => void) | undefined;
};

/** Designs of Graphs on a board, the fastest first. */
export type Exploration = {
  board: Board;
  designs: (Point & { measured: Measured | null })[];
  /** How far estimates of this kind were off, a sentence each. */
  estimateErrors: string[];
  /** What could not be measured, and what would install it, a line each. */
  notMeasured: string[];
  /** A chart: explore.svg. */
  files: OutputFile[];
};

/**
 * Compares the FPGA designs that Graphs can have on a board: area and clocks as estimated, and as measured where yosys,
 * nextpnr and a simulator are installed.
 * @param board A name of `fpgaBoards`.
 * @throws SpikeletError where there is no such board (code 2), or a Graph was not calibrated.
 */
export async function explore(
  graphs: Graph[],
  board: string,
  { measure = 3, images, count = 10, folder, names, note = () => undefined }: ExploreOptions = {},
): Promise<Exploration> {
  const found = fpgaBoardOf(board);
  const points = designs(graphs, found);
  const tools = await toolsFor(found, measure, images !== undefined);
  const frames =
    tools.simulates && images !== undefined
      ? graphs.map((graph) => [...imagesFor(graph, images, count).pixels])
      : undefined;
  const measured = tools.synthesises
    ? await measureBest(points, { graphs, board: found, count: measure, images: frames, folder, note })
    : new Map<Point, Measured>();
  return {
    board: found,
    designs: points.map((point) => ({ ...point, measured: measured.get(point) ?? null })),
    estimateErrors: knownErrors(new Set(points.map(({ architecture }) => architecture)), graphs),
    notMeasured: tools.missing,
    files: [
      {
        path: 'explore.svg',
        contents: exploreSvg(points, measured, found, names ?? graphs.map(({ name }) => name)),
      },
    ],
  };
}

/** What can be measured, and a line for each thing that cannot. */
export async function toolsFor(board: Board, measure: number, hasImages: boolean) {
  const missing: string[] = [];
  const synthesises = measure > 0 && installed(yosys);
  if (measure > 0 && !installed(yosys)) missing.push(`not synthesised: ${installLine(yosys)}`);
  if (synthesises && board.nextpnr && !installed(nextpnr))
    missing.push(`not placed: ${installLine(nextpnr)}`);
  if (synthesises && !board.nextpnr)
    missing.push(`no place-and-route is known for ${board.name}: no highest clock`);
  const simulates = synthesises && (await simulatorThere()) !== undefined;
  if (synthesises && !simulates) missing.push(`clocks not simulated: ${simulatorInstall()}`);
  else if (simulates && !hasImages) missing.push('clocks not simulated: give images with --data');
  return { missing, synthesises, simulates };
}
