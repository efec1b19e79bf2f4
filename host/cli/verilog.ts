import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { boardTop, linkSeconds } from '../../fpga/board-top.js';
import { type Board, commandOf, constraintsOf, fpgaBoardOf } from '../../fpga/boards/index.js';
import type { Architecture, Datapath, VerilogOptions } from '../../fpga/emit.js';
import { estimate } from '../../fpga/estimate/index.js';
import { requireRoom } from '../../fpga/fits.js';
import { emitGuide } from '../../fpga/guide.js';
import { type Area, areaNames } from '../../fpga/parts.js';
import { coreInterface, emitProject } from '../../fpga/project.js';
import { ascii } from '../../models/ascii.js';
import { type Graph, hex32, type OutputFile, SpikeletError } from '../../models/index.js';
import { writeFiles } from '../files.js';
import { installed, installLine, nextpnr, yosys } from '../fpga/packages.js';
import { type Placed, place } from '../fpga/place.js';
import { rtlFiles } from '../fpga/rtl.js';
import { clockRange, fastest, placeSeeds, seedsOf } from '../fpga/seeds.js';
import { synthesise } from '../fpga/synthesise.js';
import { loadedWeights } from '../fpga/verilator.js';
import type { Io } from './io.js';
import { loadGraph } from './load.js';
import { required } from './verb.js';

export type VerilogFlags = {
  board?: string;
  out: string;
  /** The first seed, and how many are placed. */
  seed?: number;
  seeds?: number;
  force?: boolean;
} & VerilogOptions;

/**
 * `build --target verilog`: writes the project; with yosys synthesises it, with nextpnr places it for the boards that
 * it knows. What does not fit is said before it is placed.
 */
export async function buildVerilog(path: string, options: VerilogFlags, io: Io) {
  const board = fpgaBoardOf(required(options.board, '--board'));
  const graph = await loadGraph(path);
  const { architecture = 'sequential', lanes = 8, datapath = 'popcount' } = options;
  const { files, rtl, hash, multipliers } = emitProject(graph, board, { architecture, lanes, datapath });
  const sources: OutputFile[] = [...(await rtlFiles(rtl)), ...files];
  // Clocks depend on how often neurons fire, which a graph tells that was calibrated.
  const cycles = graph.tensors['input']!.activity
    ? estimate(graph, board, { architecture, lanes, datapath }).cycles
    : undefined;
  const design = { architecture, lanes, datapath, hash: hex32(hash), cycles };
  const loads = loadedWeights(files).length;
  const project = [...sources, ...emitGuide(graph, board, { ...design, loads, files: sources })];
  const { force = false } = options;
  await writeFiles(options.out, project, { force });
  const bitstream = `${board.name}.bin`;
  await removeStale(join(options.out, bitstream), io);
  const result = {
    target: 'verilog',
    board: board.name,
    out: options.out,
    architecture,
    lanes,
    datapath,
    hash: hex32(hash),
    files: project.map(({ path: file }) => file),
  };
  io.print(
    `${project.length} files of Verilog in ${options.out}, configuration ${hex32(hash)}, ${architecture}, ${lanes} lanes, ${datapath}`,
  );
  if (!installed(yosys)) {
    io.print(`not synthesised: ${installLine(yosys)}`);
    return result;
  }
  io.note('synthesising');
  const { area, json } = await synthesise(sources, boardTop, board.family);
  printArea(area, board, io);
  requireMultipliers(area, multipliers, board);
  requireRoom(graph.name, area, board, { architecture, lanes });
  if (!board.nextpnr) return { ...result, area };
  if (!installed(nextpnr)) {
    io.print(`not placed: ${installLine(nextpnr)}`);
    return { ...result, area };
  }
  io.note('placing and routing');
  const seeds = seedsOf(options);
  const pins = constraintsOf(board);
  const runs = await placeSeeds(seeds, board, (seed) => place(json, board, pins, seed), io.note);
  const best = fastest(runs);
  const range = clockRange(runs);
  printPlaced(best, range, board, io);
  requireClock(graph.name, best, range, board, { architecture, lanes, datapath });
  if (seeds.stops)
    io.print(`placed until a seed met the clock: '--seeds 3' places three, and takes the fastest`);
  await writeFiles(options.out, [{ path: bitstream, contents: best.bitstream }], { force });
  io.print(
    `${bitstream}, of seed ${best.seed}: ${commandOf(board.programmer!, join(options.out, bitstream))}`,
  );
  const { utilisation, fmaxHz, seed } = best;
  const latency = cycles === undefined ? undefined : latencyOf(graph, board, cycles);
  if (latency)
    io.print(
      `latency, expected: ${ms(latency.coreSeconds)} an image in the core at ${board.clockHz / 1e6} MHz (${cycles} cycles), ` +
        `${ms(latency.linkSeconds)} over the serial link at ${board.baud} baud; 'spikelet profile --board ${board.name}' measures both`,
    );
  return {
    ...result,
    area,
    multipliers,
    utilisation,
    fmaxHz,
    seed,
    seeds: runs.map(({ seed: tried, fmaxHz: found }) => ({ seed: tried, fmaxHz: found })),
    bitstream,
    ...(cycles === undefined ? {} : { cycles, latency }),
  };
}

/** A bitstream of a build before is not of these files, and would be flashed as if it were. */
async function removeStale(path: string, io: Io): Promise<void> {
  if (!(await stat(path).catch(() => undefined))) return;
  await rm(path);
  io.note(`removed ${path}, which a build before wrote`);
}

/** Throws a SpikeletError where synthesis made look-up tables of products, or multipliers of something else. */
function requireMultipliers({ dsps }: Area, planned: number, { name }: Board): void {
  if (dsps === planned) return;
  throw new SpikeletError(
    `synthesis took ${dsps} multipliers of ${name}, not the ${planned} that are planned`,
    {
      hint: "this version of yosys does not map part/multiply.v as expected: try '--datapath popcount'",
    },
  );
}

const ms = (seconds: number): string => `${(seconds * 1e3).toPrecision(3)} ms`;

/** Share of the board's clock that another seed may bring to the whole: placements of one design have differed by 13 %. */
const WITHIN_REACH = 0.85;

/** Throws a SpikeletError where the board's clock is missed: what runs so computes wrong now and then. */
export function requireClock(
  name: string,
  { fmaxHz }: { fmaxHz: number },
  range: string,
  board: Board,
  { architecture, lanes, datapath }: { architecture: Architecture; lanes: number; datapath: Datapath },
): void {
  if (fmaxHz >= board.clockHz) return;
  const hints = [
    ...(fmaxHz >= WITHIN_REACH * board.clockHz ? ["more seeds ('--seeds 10')"] : []),
    ...(lanes > 1 ? [`fewer lanes ('--lanes ${Math.ceil(lanes / 2)}')`] : []),
    ...(datapath === 'dsp' || !board.capacity.dsps ? [] : ["'--datapath dsp'"]),
    ...(architecture === 'streaming' ? ["'--architecture sequential'"] : []),
    'a smaller net',
  ];
  throw new SpikeletError(
    `'${ascii(name)}' misses the clock of ${board.name}: ${range}, ${board.clockHz / 1e6} MHz needed; no bitstream is written`,
    { hint: `try ${hints.join('; ')}` },
  );
}

/** What a user waits for an image: in the core, and with its bytes and the logits' on the serial line. */
function latencyOf(graph: Graph, board: Board, cycles: number) {
  const { inputs, logits } = coreInterface(graph);
  const coreSeconds = cycles / board.clockHz;
  return {
    coreSeconds,
    linkSeconds: coreSeconds + linkSeconds(board, inputs, logits),
    kind: 'estimated' as const,
  };
}

function printArea(area: Area, board: Board, io: Io): void {
  io.table(
    [{ title: board.title }, { title: 'used', right: true }, { title: 'of', right: true }],
    (Object.keys(areaNames) as (keyof Area)[])
      .filter((what) => board.capacity[what] > 0)
      .map((what) => [areaNames[what], String(area[what]), String(board.capacity[what])]),
  );
}

function printPlaced({ utilisation }: Placed, range: string, { clockHz }: Board, io: Io): void {
  const cells = utilisation['ICESTORM_LC']!;
  io.print(`placed: ${cells.used} of ${cells.available} logic cells`);
  io.print(`highest clock: ${range}; the board's is ${clockHz / 1e6} MHz`);
}
