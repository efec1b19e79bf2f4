import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Board, fpgaBoardOf } from '../../fpga/boards/index.js';
import { architectures } from '../../fpga/estimate/architectures.js';
import { fitted } from '../../fpga/estimate/coefficients.js';
import { errors } from '../../fpga/estimate/errors.js';
import type { Features } from '../../fpga/estimate/features.js';
import type { Fitted } from '../../fpga/estimate/fitted.js';
import { type Design, estimateOf } from '../../fpga/estimate/index.js';
import {
  type DesignKind,
  designKinds,
  type EstimateErrors,
  estimatedValues,
  kindOf,
} from '../../fpga/estimate/known-errors.js';
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
 * `npm run bench -- explore`: designs synthesised, placed and simulated on 20 Fashion-MNIST images next to what
 * `spikelet explore` expects of them, and those of which no fit knows apart. `npm run bench -- explore fit` fits the
 * expectations again and writes fpga/estimate/coefficients.ts; a design is then also expected from a fit without it, and
 * the errors of those and of the ones that no fit knows are written to errors.ts, which `explore` prints. A number takes
 * the first of the designs alone. Minutes for each design that was not measured before; what was stays in
 * build/proofs/explore/measured.
 */
const IMAGES = 20;

/** What of a design is measured besides its area; each takes as long as synthesis. */
type Measures = { places?: boolean; simulates?: boolean };
type Calibration = Measures & { graph: string; board: string; design: Design; heldOut?: boolean };
type Sample = Calibration & {
  kind: DesignKind;
  features: Features;
  found: Measured & Partial<MeasuredCycles>;
};

const design =
  (architecture: Design['architecture']) =>
  (
    graph: string,
    board: string,
    lanes: number,
    datapath: Design['datapath'],
    measures: Measures = {},
  ): Calibration => ({
    graph,
    board,
    ...measures,
    design: { architecture, lanes, datapath },
  });
const sequential = design('sequential');
const streaming = design('streaming');
/** Of which no fit knows. */
const heldOut = (calibration: Calibration): Calibration => ({ ...calibration, heldOut: true });

const simulated = { simulates: true };
const whole = { places: true, simulates: true };

/** Balanced, so that the first of them are too. */
const calibrations: Calibration[] = [
  sequential('mini8', 'icebreaker', 8, 'popcount', whole),
  streaming('dense8', 'ecp5-25f', 4, 'popcount'),
  streaming('mini8', 'ecp5-25f', 4, 'popcount'),
  sequential('mini4', 'icebreaker', 4, 'unary', simulated),
  sequential('dense8', 'icebreaker', 8, 'dsp', whole),
  streaming('dense4', 'xc7a35t', 8, 'dsp', simulated),
  sequential('tiny8', 'xc7a35t', 8, 'popcount'),
  heldOut(sequential('dense4', 'icebreaker', 6, 'dsp', whole)),
  sequential('dense4', 'icebreaker', 16, 'popcount', whole),
  sequential('mini8', 'xc7a35t', 8, 'popcount'),
  heldOut(streaming('dense6', 'ecp5-25f', 8, 'unary', simulated)),
  sequential('dense6', 'icebreaker', 4, 'dsp'),
  heldOut(sequential('conv4', 'xc7a35t', 8, 'dsp')),
  sequential('conv8', 'icebreaker', 8, 'popcount'),
  streaming('conv8', 'xc7a35t', 8, 'unary', simulated),
  heldOut(sequential('tiny4', 'xc7a35t', 6, 'popcount')),
  sequential('dense8', 'ecp5-25f', 8, 'dsp'),
  sequential('mini8', 'icebreaker', 1, 'popcount'),
  heldOut(streaming('mini4', 'xc7a35t', 4, 'popcount', simulated)),
  sequential('dense4', 'xc7a35t', 8, 'dsp'),
  streaming('mini6', 'xc7a35t', 8, 'dsp', simulated),
  heldOut(sequential('mini6', 'icebreaker', 8, 'unary', whole)),
  sequential('mini8', 'icebreaker', 4, 'dsp', whole),
  sequential('mini4', 'icebreaker', 16, 'unary'),
  sequential('mini8', 'ecp5-25f', 8, 'popcount'),
  sequential('dense8', 'icebreaker', 8, 'unary'),
  sequential('dense8', 'xc7a35t', 8, 'dsp'),
];

async function prove(): Promise<void> {
  const { data: dataset } = await fashion();
  const every: Sample[] = [];
  const graphs = new Map<string, Graph>();
  const first = process.argv.map(Number).find((count) => count > 0);
  for (const calibration of calibrations.slice(0, first)) {
    const name = calibration.graph;
    if (!graphs.has(name)) graphs.set(name, await graphNamed(name));
    const graph = graphs.get(name)!;
    const board = fpgaBoardOf(calibration.board);
    const { architecture } = calibration.design;
    const features = architectures[architecture].features(graph, board, calibration.design);
    const images = [...testPixels(graph, dataset, IMAGES)];
    const kind = kindOf(architecture, graph);
    every.push({ ...calibration, kind, features, found: await measured(graph, board, calibration, images) });
  }
  const samples = every.filter(({ heldOut: left }) => !left);
  const unknown = every.filter(({ heldOut: left }) => left);
  const fits = process.argv.includes('fit');
  const all = fits
    ? { sequential: fit('sequential', samples), streaming: fit('streaming', samples) }
    : fitted;
  if (fits)
    writeGenerated(
      'coefficients',
      "import type { Architecture } from '../emit/index.js';\nimport type { Fitted } from './fitted.js';",
      `export const fitted: Record<Architecture, Fitted> = ${JSON.stringify(all)}`,
    );
  const known = ({ design: { architecture } }: Sample) => all[architecture];
  show('expected of each design', samples, known);
  show('expected of designs that no fit knows', unknown, known);
  if (!fits) return;
  const others = (left: Sample) => samples.filter((sample) => sample !== left);
  const without = (sample: Sample) => fit(sample.design.architecture, others(sample));
  show('expected from a fit without the design', samples, without);
  writeGenerated(
    'errors',
    "import type { EstimateErrors } from './known-errors.js';",
    `export const errors: EstimateErrors = ${JSON.stringify(
      errorsOf([
        ...samples.map((sample) => ({ sample, compared: compare(sample, without(sample)) })),
        ...unknown.map((sample) => ({ sample, compared: compare(sample, known(sample)) })),
      ]),
    )}`,
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
  { design, places = false, simulates = false }: Calibration,
  images: Int8Array[],
): Promise<Sample['found']> {
  const started = performance.now();
  const kept = join(folder, 'explore/measured');
  const area = await measureArea(graph, board, design, { places, folder: kept });
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
  if (!areEnough(samples)) return fitted[architecture];
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

/** Whether samples can tell their terms apart; what was fitted before stays where they cannot. */
const areEnough = (samples: Sample[]): boolean =>
  samples.length > new Set(samples.flatMap(({ features }) => Object.keys(features.logic))).size;

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

/** Rounded. */
function mean(values: number[]): number {
  return Number((values.reduce((a, b) => a + b, 0) / values.length).toPrecision(4));
}

const columns = ['LUT', 'FF', 'LC', 'BRAM', 'SPRAM', 'DSP', 'cycles', 'MHz'] as const;
type Compared = Record<(typeof columns)[number], [expected: number | undefined, found: number | undefined]>;

/** What is expected of a design next to what was measured. */
function compare({ board: name, features, found }: Sample, coefficients: Fitted): Compared {
  const { area, cells, cycles, fmaxHz } = estimateOf(features, fpgaBoardOf(name), coefficients);
  return {
    LUT: [area.luts, found.area.luts],
    FF: [area.flipFlops, found.area.flipFlops],
    LC: [cells, found.cells],
    BRAM: [area.brams, found.area.brams],
    SPRAM: [area.sprams, found.area.sprams],
    DSP: [area.dsps, found.area.dsps],
    cycles: [cycles, found.cycles],
    MHz: [fmaxHz && fmaxHz / 1e6, found.fmaxHz && found.fmaxHz / 1e6],
  };
}

/** Relative errors of a value, of the designs where it is expected and was measured. */
const relative = (all: Compared[], what: (typeof columns)[number]): number[] =>
  all.flatMap(({ [what]: [expected, found] }) =>
    expected !== undefined && found ? [expected / found - 1] : [],
  );

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.floor(middle - 0.5)]! + sorted[Math.ceil(middle - 0.5)]!) / 2;
}

/** The largest, with its sign. */
const largest = (values: number[]): number => values.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a));

/** Of the kinds of designs that were fitted; those of the others stay. */
function errorsOf(all: { sample: Sample; compared: Compared }[]): EstimateErrors {
  const rounded = (value: number) => Number(value.toFixed(3));
  const ofKind = (kind: DesignKind) => {
    const mine = all.filter(({ sample }) => sample.kind === kind);
    const architecture = mine[0]?.sample.design.architecture;
    const known = all
      .map(({ sample }) => sample)
      .filter(({ heldOut: left, design }) => !left && design.architecture === architecture);
    if (!mine.length || !areEnough(known)) return errors[kind];
    const compared = mine.map((each) => each.compared);
    return Object.fromEntries(
      estimatedValues.flatMap((what) => {
        const values = relative(compared, what);
        if (!values.length) return [];
        const sizes = { mean: mean(values.map(Math.abs)), worst: rounded(largest(values)) };
        return [[what, { designs: values.length, ...sizes }]];
      }),
    );
  };
  return Object.fromEntries(designKinds.map((kind) => [kind, ofKind(kind)])) as EstimateErrors;
}

/** Prints what is expected next to what was measured. */
function show(title: string, samples: Sample[], coefficients: (sample: Sample) => Fitted): void {
  if (!samples.length) return;
  const all = samples.map((sample) => compare(sample, coefficients(sample)));
  const rows = samples.map(({ graph, board, design }, i) => [
    `${graph}, ${design.architecture}, ${design.lanes}, ${design.datapath}, ${board}`,
    ...columns.map((what) => {
      const [expected, real] = all[i]![what];
      if (expected === undefined || real === undefined) return '';
      const digits = what === 'MHz' ? 1 : 0;
      return `~${expected.toFixed(digits)} / ${real.toFixed(digits)}`;
    }),
  ]);
  const summary = (name: string, of: (values: number[]) => number) => [
    name,
    ...columns.map((what) => {
      const values = relative(all, what);
      return values.length ? `${(100 * of(values)).toFixed(1)} %` : '';
    }),
  ];
  console.log(`\n${title}: ~estimated / measured`);
  for (const line of table(
    [{ title: 'design' }, ...columns.map((what) => ({ title: what, right: true }))],
    [
      ...rows,
      summary('median error', (values) => median(values.map(Math.abs))),
      summary('largest error', largest),
    ],
  ))
    console.log(line);
}

/** A file of fpga/estimate that holds what this script found. */
function writeGenerated(name: string, imports: string, declaration: string): void {
  const path = fileURLToPath(new URL(`../../../fpga/estimate/${name}.ts`, import.meta.url));
  writeFileSync(path, `${imports}\n\n/** Written by \`npm run bench -- explore fit\`. */\n${declaration};\n`);
  execFileSync('npx', ['biome', 'format', '--write', path], { stdio: 'inherit' });
}

const missing = [yosys, nextpnr].filter((tool) => !installed(tool));
if (missing.length) console.log(`skipped: ${installLine(...missing)}`);
else if (!(await simulatorThere())) console.log(`skipped: ${simulatorInstall()}`);
else await prove();
