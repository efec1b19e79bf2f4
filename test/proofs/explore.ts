import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Board, fpgaBoardOf } from '../../fpga/boards/index.js';
import { architectures } from '../../fpga/estimate/architectures.js';
import { fitted } from '../../fpga/estimate/coefficients.js';
import type { Features } from '../../fpga/estimate/features.js';
import type { Fitted } from '../../fpga/estimate/fitted.js';
import { type Design, estimateOf } from '../../fpga/estimate/index.js';
import { loadGraph } from '../../host/api/load.js';
import { testPixels } from '../../host/data/pixels.js';
import { installed, installLine, nextpnr, yosys } from '../../host/eda/packages.js';
import { simulatorInstall, simulatorThere } from '../../host/eda/simulator.js';
import { table } from '../../host/report/text.js';
import {
  type Measured,
  type MeasuredCycles,
  measureArea,
  measureCycles,
} from '../../host/run/measure-design.js';
import type { Graph } from '../../models/index.js';
import { folder } from './cli.js';
import { type Equation, leastSquares } from './least-squares.js';
import { fashion, type TrainedNet, trainedGraph } from './nets.js';

/**
 * `npm run bench -- explore`: designs synthesised, placed and simulated on 20 Fashion-MNIST images beside
 * what `spikelet explore` expects of them, and those that the fit has not seen. `npm run bench -- explore
 * fit` fits them again and writes fpga/estimate/coefficients.ts; a design is then also expected from a fit
 * without it. Minutes for each design that was not measured before; what was is kept in
 * build/proofs/explore/measured.
 */
const IMAGES = 20;

/** `places`: whether it is placed too, which takes as long again. */
type Calibration = { graph: string; board: string; design: Design; places?: boolean; heldOut?: boolean };
type Sample = Calibration & { features: Features; found: Measured & Partial<MeasuredCycles> };

const design =
  (architecture: Design['architecture']) =>
  (
    graph: string,
    board: string,
    lanes: number,
    datapath: Design['datapath'],
    places = false,
  ): Calibration => ({
    graph,
    board,
    places,
    design: { architecture, lanes, datapath },
  });
const sequential = design('sequential');
const streaming = design('streaming');
/** Of which no fit knows. */
const heldOut = (calibration: Calibration): Calibration => ({ ...calibration, heldOut: true });

const calibrations: Calibration[] = [
  sequential('mini8', 'icebreaker', 8, 'popcount', true),
  sequential('mini8', 'icebreaker', 6, 'dsp', true),
  sequential('mini8', 'icebreaker', 1, 'popcount'),
  sequential('mini4', 'icebreaker', 16, 'unary'),
  sequential('mini8', 'icebreaker', 4, 'dsp', true),
  sequential('mini4', 'icebreaker', 4, 'unary'),
  sequential('dense8', 'icebreaker', 8, 'dsp', true),
  sequential('dense4', 'icebreaker', 16, 'popcount', true),
  sequential('dense8', 'icebreaker', 8, 'unary'),
  sequential('conv8', 'icebreaker', 8, 'popcount'),
  sequential('mini8', 'xc7a35t', 8, 'popcount'),
  sequential('dense8', 'xc7a35t', 8, 'dsp'),
  sequential('mini8', 'ecp5-25f', 8, 'popcount'),
  sequential('dense8', 'ecp5-25f', 8, 'dsp'),
  sequential('dense6', 'icebreaker', 4, 'dsp'),
  sequential('dense4', 'xc7a35t', 8, 'dsp'),
  sequential('tiny8', 'xc7a35t', 8, 'popcount'),
  streaming('dense8', 'ecp5-25f', 4, 'popcount'),
  streaming('dense4', 'xc7a35t', 8, 'dsp'),
  streaming('mini8', 'ecp5-25f', 4, 'popcount'),
  streaming('conv8', 'xc7a35t', 8, 'unary'),
  streaming('mini6', 'xc7a35t', 8, 'dsp'),
  heldOut(sequential('dense4', 'icebreaker', 6, 'dsp')),
  heldOut(sequential('mini6', 'icebreaker', 8, 'unary')),
  heldOut(sequential('conv4', 'xc7a35t', 8, 'dsp')),
  heldOut(sequential('tiny4', 'xc7a35t', 6, 'popcount')),
  heldOut(streaming('dense6', 'ecp5-25f', 8, 'unary')),
  heldOut(streaming('mini4', 'xc7a35t', 4, 'popcount')),
];

const missing = [yosys, nextpnr].filter((tool) => !installed(tool));
if (missing.length) console.log(`skipped: ${installLine(...missing)}`);
else if (!(await simulatorThere())) console.log(`skipped: ${simulatorInstall()}`);
else await prove();

async function prove(): Promise<void> {
  const { data: dataset } = await fashion();
  const every: Sample[] = [];
  const graphs = new Map<string, Graph>();
  for (const calibration of calibrations) {
    const name = calibration.graph;
    if (!graphs.has(name)) graphs.set(name, await graphNamed(name));
    const graph = graphs.get(name)!;
    const board = fpgaBoardOf(calibration.board);
    const { architecture } = calibration.design;
    const features = architectures[architecture].features(graph, board, calibration.design);
    const images = [...testPixels(graph, dataset, IMAGES)];
    every.push({ ...calibration, features, found: await measured(graph, board, calibration, images) });
  }
  const samples = every.filter(({ heldOut: left }) => !left);
  const unknown = every.filter(({ heldOut: left }) => left);
  const fits = process.argv.includes('fit');
  const all = fits
    ? { sequential: fit('sequential', samples), streaming: fit('streaming', samples) }
    : fitted;
  if (fits) write(all);
  show('expected of each design', samples, ({ design: { architecture } }) => all[architecture]);
  show('expected of designs that no fit knows', unknown, ({ design: { architecture } }) => all[architecture]);
  if (!fits) return;
  const without = (left: Sample) => samples.filter((sample) => sample !== left);
  show('expected from a fit without the design', samples, (sample) =>
    fit(sample.design.architecture, without(sample)),
  );
}

/** `mini8`: the net and the bits of its weights. */
async function graphNamed(name: string): Promise<Graph> {
  return loadGraph(await trainedGraph(name.slice(0, -1) as TrainedNet, Number(name.slice(-1))));
}

/** Measured now, or before with the same Verilog. */
async function measured(
  graph: Graph,
  board: Board,
  { design, places = false }: Calibration,
  images: Int8Array[],
): Promise<Sample['found']> {
  const started = performance.now();
  const kept = join(folder, 'explore/measured');
  const area = await measureArea(graph, board, design, { places, folder: kept });
  const simulates = board.nextpnr || design.architecture === 'streaming';
  const cycles = simulates ? await measureCycles(graph, board, design, images, { folder: kept }) : {};
  const seconds = (performance.now() - started) / 1000;
  if (seconds > 5)
    console.log(
      `${design.architecture}, ${design.lanes} lanes, ${design.datapath}, ${board.name}: ${seconds.toFixed(0)} s`,
    );
  return { ...area, ...cycles };
}

/**
 * Look-up tables and flip-flops of other families are told by those of iCE40, the family of most measured
 * designs, and one factor each, which the sequential designs give.
 */
function fit(architecture: Design['architecture'], all: Sample[]): Fitted {
  const samples = all.filter((sample) => sample.design.architecture === architecture);
  if (!samples.length) return fitted[architecture];
  const factors = architecture === 'sequential' ? undefined : fit('sequential', all);
  const families = factors?.families ?? {};
  const areaOf = (what: 'luts' | 'flipFlops') =>
    leastSquares(
      samples.flatMap(({ features, found, board }): Equation[] => {
        const { family } = fpgaBoardOf(board);
        const factor = family.startsWith('ice40') ? 1 : families[family]?.[what];
        return factor ? [{ terms: features.logic, value: found.area[what] / factor }] : [];
      }),
    );
  const base: Fitted = {
    luts: areaOf('luts'),
    flipFlops: areaOf('flipFlops'),
    cells: 1,
    families,
    period: {},
    cycles: {},
  };
  const placed = samples.filter(({ found }) => found.cells !== undefined);
  const before = placed.length ? factors : fitted[architecture];
  const devices = [...new Set(placed.map(({ board }) => fpgaBoardOf(board).nextpnr!.device))];
  return {
    ...base,
    cells: before?.cells ?? mean(placed.map(({ found }) => found.cells! / found.area.luts)),
    families: factors ? families : familiesOf(samples, base),
    period:
      before?.period ??
      Object.fromEntries(
        devices.map((device) => [
          device,
          leastSquares(
            placed
              .filter(({ board }) => fpgaBoardOf(board).nextpnr!.device === device)
              .map(({ features, found }) => ({ terms: features.period, value: 1e9 / found.fmaxHz! })),
          ),
        ]),
      ),
    // Counted, as the cores work, and not fitted.
    cycles: fitted[architecture].cycles,
  };
}

function familiesOf(samples: Sample[], base: Fitted): Fitted['families'] {
  const families = [...new Set(samples.map(({ board }) => fpgaBoardOf(board).family))].filter(
    (family) => !family.startsWith('ice40'),
  );
  return Object.fromEntries(
    families.map((family) => {
      const of = samples.filter(({ board }) => fpgaBoardOf(board).family === family);
      const ratio = (what: 'luts' | 'flipFlops') =>
        mean(
          of.map(
            ({ features, found }) =>
              found.area[what] / estimateOf(features, fpgaBoardOf('icebreaker'), base).area[what],
          ),
        );
      return [family, { luts: ratio('luts'), flipFlops: ratio('flipFlops') }];
    }),
  );
}

/** Rounded; a function, for the proof above runs before what stands here. */
function mean(values: number[]): number {
  return Number((values.reduce((a, b) => a + b, 0) / values.length).toPrecision(4));
}

/** What is expected next to what was measured. */
function show(title: string, samples: Sample[], coefficients: (sample: Sample) => Fitted): void {
  const errors = new Map<string, number[]>();
  const rows = samples.map((sample) => {
    const { graph, board: name, design, features, found } = sample;
    const board = fpgaBoardOf(name);
    const { area, cells, cycles, fmaxHz } = estimateOf(features, board, coefficients(sample));
    const both: Record<string, [expected: number | undefined, found: number | undefined]> = {
      LUT: [area.luts, found.area.luts],
      FF: [area.flipFlops, found.area.flipFlops],
      LC: [cells, found.cells],
      BRAM: [area.brams, found.area.brams],
      SPRAM: [area.sprams, found.area.sprams],
      DSP: [area.dsps, found.area.dsps],
      cycles: [cycles, found.cycles],
      MHz: [fmaxHz && fmaxHz / 1e6, found.fmaxHz && found.fmaxHz / 1e6],
    };
    return [
      `${graph}, ${design.architecture}, ${design.lanes}, ${design.datapath}, ${name}`,
      ...Object.entries(both).map(([what, [expected, real]]) => {
        if (expected === undefined || real === undefined) return '';
        if (real) errors.set(what, [...(errors.get(what) ?? []), expected / real - 1]);
        const digits = what === 'MHz' ? 1 : 0;
        return `~${expected.toFixed(digits)} / ${real.toFixed(digits)}`;
      }),
    ];
  });
  const columns = ['LUT', 'FF', 'LC', 'BRAM', 'SPRAM', 'DSP', 'cycles', 'MHz'];
  const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
  const summary = (name: string, of: (values: number[]) => number) => [
    name,
    ...columns.map((what) => (errors.has(what) ? percent(of(errors.get(what)!.map(Math.abs))) : '')),
  ];
  console.log(`\n${title}: ~estimated / measured`);
  for (const line of table(
    [{ title: 'design' }, ...columns.map((what) => ({ title: what, right: true }))],
    [
      ...rows,
      summary('mean error', (values) => values.reduce((a, b) => a + b, 0) / values.length),
      summary('largest error', (values) => Math.max(...values)),
    ],
  ))
    console.log(line);
}

function write(all: Record<Design['architecture'], Fitted>): void {
  const path = fileURLToPath(new URL('../../../fpga/estimate/coefficients.ts', import.meta.url));
  writeFileSync(
    path,
    `import type { Architecture } from '../emit.js';
import type { Fitted } from './fitted.js';

/** Written by \`npm run bench -- explore fit\`. */
export const fitted: Record<Architecture, Fitted> = ${JSON.stringify(all)};
`,
  );
  execFileSync('npx', ['biome', 'format', '--write', path], { stdio: 'inherit' });
}
