import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { boardTop, linkSeconds } from '../../fpga/board-top.js';
import { type Board, commandOf, constraintsOf } from '../../fpga/boards/index.js';
import { requireRoom } from '../../fpga/fits.js';
import { type Area, areaNames } from '../../fpga/parts.js';
import { coreInterface } from '../../fpga/project.js';
import { ascii } from '../../models/ascii.js';
import { type Graph, type OutputFile, SpikeletError } from '../../models/index.js';
import { installed, installLine, nextpnr, yosys } from '../eda/packages.js';
import { type Placed, place } from '../eda/place.js';
import { clockRange, fastest, placeSeeds, type SeedFlags, seedsOf } from '../eda/seeds.js';
import { synthesise } from '../eda/synthesise.js';
import type { Part } from '../report/text.js';
import { writeFiles } from '../system/files.js';
import type { CoreChoice } from './on-fpga.js';
import type { TargetOption } from './options.js';
import type { Hooks, MakeOptions } from './target.js';

/** What is synthesised: a project's sources, and what its netlist must have. */
export type DesignGiven = {
  graph: Graph;
  board: Board;
  core: CoreChoice;
  sources: OutputFile[];
  /** Hardware multipliers that are planned. */
  multipliers: number;
  /** Clocks of a frame as estimated; undefined: the graph was not calibrated. */
  cycles: number | undefined;
} & SeedFlags;

/** What yosys and nextpnr made of a project; what is absent was not done. */
export type DesignMade = {
  area?: Area;
  multipliers?: number;
  utilisation?: Placed['utilisation'];
  fmaxHz?: number;
  seed?: number;
  seeds?: { seed: number; fmaxHz: number }[];
  /** Path of the bitstream in the folder. */
  bitstream?: string;
  cycles?: number;
  latency?: ReturnType<typeof latencyOf> | undefined;
};

export const seedOptions: TargetOption[] = [
  {
    flags: '--seed <n>',
    description: "places with this seed alone (default: 1, then 2 and 3 while the board's clock is missed)",
    value: { kind: 'integer', from: 0, to: 1_000_000_000 },
  },
  {
    flags: '--seeds <n>',
    description:
      'places with n seeds, from --seed or 1 on, takes the fastest and prints the range of the highest clock',
    value: { kind: 'integer', from: 1, to: 100 },
  },
];

/**
 * With yosys synthesises a project, with nextpnr places it for the boards that it knows and writes the
 * bitstream into the folder. What does not fit is said before it is placed.
 */
export async function makeDesign(
  given: DesignGiven,
  folder: string,
  { force, ...hooks }: MakeOptions,
): Promise<DesignMade> {
  const { graph, board, core, sources, multipliers, cycles } = given;
  const { note, report } = hooks;
  const bitstream = `${board.name}.bin`;
  await removeStale(join(folder, bitstream), hooks);
  if (!installed(yosys)) {
    report?.(`not synthesised: ${installLine(yosys)}`);
    return {};
  }
  note?.('synthesising');
  const { area, json } = await synthesise(sources, boardTop, board.family);
  report?.(areaTable(area, board));
  requireMultipliers(area, multipliers, board);
  requireRoom(graph.name, area, board, core);
  if (!board.nextpnr) return { area };
  if (!installed(nextpnr)) {
    report?.(`not placed: ${installLine(nextpnr)}`);
    return { area };
  }
  note?.('placing and routing');
  const seeds = seedsOf(given);
  const pins = constraintsOf(board);
  const runs = await placeSeeds(seeds, board, (seed) => place(json, board, pins, seed), note);
  const best = fastest(runs);
  reportPlaced(best, clockRange(runs), board, hooks);
  requireClock(graph.name, best, clockRange(runs), board, core);
  if (seeds.stops)
    report?.(`placed until a seed met the clock: '--seeds 3' places three, and takes the fastest`);
  await writeFiles(folder, [{ path: bitstream, contents: best.bitstream }], force ? { force } : {});
  const file = join(folder, bitstream);
  report?.(`${bitstream}, of seed ${best.seed}: ${commandOf(board.programmer!, file)}`);
  const latency = cycles === undefined ? undefined : latencyOf(graph, board, cycles);
  if (latency)
    report?.(
      `latency, expected: ${ms(latency.coreSeconds)} an image in the core at ${board.clockHz / 1e6} MHz (${cycles} cycles), ` +
        `${ms(latency.linkSeconds)} over the serial link at ${board.baud} baud; 'spikelet profile --board ${board.name}' measures both`,
    );
  const { utilisation, fmaxHz, seed } = best;
  return {
    ...{ area, multipliers, utilisation, fmaxHz, seed, bitstream },
    seeds: runs.map(({ seed: tried, fmaxHz: found }) => ({ seed: tried, fmaxHz: found })),
    ...(cycles === undefined ? {} : { cycles, latency }),
  };
}

/** A bitstream of a build before is not of these files, and would be flashed as if it were. */
async function removeStale(path: string, { note }: Hooks): Promise<void> {
  if (!(await stat(path).catch(() => undefined))) return;
  await rm(path);
  note?.(`removed ${path}, which a build before wrote`);
}

/**
 * Throws a SpikeletError where synthesis made look-up tables of products, or multipliers of something else.
 */
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
  { architecture, lanes, datapath }: CoreChoice,
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

const areaTable = (area: Area, board: Board): Part => ({
  columns: [{ title: board.title }, { title: 'used', right: true }, { title: 'of', right: true }],
  rows: (Object.keys(areaNames) as (keyof Area)[])
    .filter((what) => board.capacity[what] > 0)
    .map((what) => [areaNames[what], String(area[what]), String(board.capacity[what])]),
});

function reportPlaced({ utilisation }: Placed, range: string, { clockHz }: Board, { report }: Hooks): void {
  const cells = utilisation['ICESTORM_LC']!;
  report?.(`placed: ${cells.used} of ${cells.available} logic cells`);
  report?.(`highest clock: ${range}; the board's is ${clockHz / 1e6} MHz`);
}
