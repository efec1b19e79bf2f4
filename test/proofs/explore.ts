import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Board, fpgaBoardOf } from '../../fpga/boards/index.js';
import { architectures } from '../../fpga/estimate/architectures.js';
import { fitted } from '../../fpga/estimate/coefficients.js';
import type { Features } from '../../fpga/estimate/features.js';
import type { Fitted } from '../../fpga/estimate/fitted.js';
import { type Design, estimateOf } from '../../fpga/estimate/index.js';
import { emitProject } from '../../fpga/project.js';
import { loadGraph } from '../../host/cli/load.js';
import { loadDataset } from '../../host/data/index.js';
import { type Measured, type MeasuredCycles, measureArea, measureCycles } from '../../host/fpga/measure.js';
import { installed, installLine, nextpnr, yosys } from '../../host/fpga/packages.js';
import { rtlFiles } from '../../host/fpga/rtl.js';
import { simulatorInstall, simulatorThere } from '../../host/fpga/simulator.js';
import { table } from '../../host/report/text.js';
import { crc32, type Graph, hex32, pixelTable, rawImage, rawToPixels } from '../../models/index.js';
import { shared } from '../shared.js';
import { folder, result } from './cli.js';
import { type Equation, leastSquares } from './least-squares.js';

/**
 * `npm run bench:explore`: designs synthesised, placed and simulated on 20 Fashion-MNIST images beside what
 * `spikelet explore` expects of them. `npm run bench:explore -- fit` fits the expectations anew and writes
 * fpga/estimate/coefficients.ts; a design is then also expected from a fit without it. Several minutes per design that
 * was not measured before; what was lies in build/proofs/explore.
 */
const IMAGES = 20;

type Calibration = { graph: string; board: string; design: Design };
type Sample = Calibration & { features: Features; found: Measured & Partial<MeasuredCycles> };

const sequential = (
  graph: string,
  board: string,
  lanes: number,
  datapath: Design['datapath'],
): Calibration => ({
  graph,
  board,
  design: { architecture: 'sequential', lanes, datapath },
});

const calibrations: Calibration[] = [
  sequential('mini8', 'icebreaker', 8, 'popcount'),
  sequential('mini8', 'icebreaker', 4, 'dsp'),
  sequential('mini8', 'icebreaker', 1, 'popcount'),
  sequential('mini4', 'icebreaker', 16, 'unary'),
  sequential('tiny8', 'icebreaker', 6, 'popcount'),
  sequential('mini8', 'ecp5-25f', 8, 'popcount'),
  sequential('mini8', 'xc7a35t', 8, 'popcount'),
  sequential('mini8', 'gw1nr-9', 8, 'popcount'),
];

const data = shared('data/fashion-mnist');
const checkpoint = shared('vectors/fashion-sfa/model.safetensors');
const missing = [yosys, nextpnr].filter((tool) => !installed(tool)).map(installLine);
if (!data || !checkpoint)
  console.log('skipped: ../shared/data/fashion-mnist and ../shared/vectors/fashion-sfa are absent');
else if (missing.length) console.log(`skipped: ${missing.join('; ')}`);
else if (!(await simulatorThere())) console.log(`skipped: ${simulatorInstall()}`);
else await prove(`fashion-mnist=${data}`, checkpoint);

async function prove(spec: string, weights: string): Promise<void> {
  const dataset = await loadDataset(spec);
  const samples: Sample[] = [];
  const graphs = new Map<string, Graph>();
  for (const calibration of calibrations) {
    const name = calibration.graph;
    if (!graphs.has(name)) graphs.set(name, await graphNamed(name, spec, weights, dataset));
    const graph = graphs.get(name)!;
    const board = fpgaBoardOf(calibration.board);
    const { architecture } = calibration.design;
    const features = architectures[architecture].features(graph, board, calibration.design);
    const table = pixelTable(graph);
    const images = Array.from({ length: IMAGES }, (_, i) =>
      rawToPixels(table, rawImage(dataset.test, dataset.shape, i)),
    );
    samples.push({ ...calibration, features, found: await measured(graph, board, calibration, images) });
  }
  const fits = process.argv.includes('fit');
  const all = fits ? { sequential: fit(samples) } : fitted;
  if (fits) write(all);
  show('expected of each design', samples, (sample) => all[sample.design.architecture]);
  if (fits)
    show('expected from a fit without the design', samples, (sample) =>
      fit(samples.filter((s) => s !== sample)),
    );
}

/** `mini8`: the net and the bits of its weights. */
async function graphNamed(
  name: string,
  spec: string,
  weights: string,
  { mean, std }: { mean: number[]; std: number[] },
): Promise<Graph> {
  const net = join(folder, name.startsWith('tiny') ? 'fashion-sfa.safetensors' : 'mini-fashion.safetensors');
  const path = join(folder, `${name}.graph.safetensors`);
  if (!existsSync(path)) {
    if (!existsSync(net)) {
      if (name.startsWith('tiny'))
        await result(
          'import',
          weights,
          '--input',
          '28,28,1',
          '--mean',
          String(mean),
          '--std',
          String(std),
          '--out',
          net,
        );
      else
        await result(
          'train',
          '--model',
          'mini',
          '--data',
          spec,
          '--epochs',
          '1',
          '--seed',
          '1',
          '--out',
          net,
        );
    }
    await result('quantize', net, '--data', spec, '--bits', name.slice(-1), '--out', path);
  }
  return loadGraph(path);
}

/** Measured now, or before with the same Verilog. */
async function measured(
  graph: Graph,
  board: Board,
  { design }: Calibration,
  images: Int8Array[],
): Promise<Sample['found']> {
  const { files, rtl } = emitProject(graph, board, design);
  const encoder = new TextEncoder();
  const crc = [...files, ...(await rtlFiles(rtl))].reduce(
    (sum, { contents }) => crc32(typeof contents === 'string' ? encoder.encode(contents) : contents, sum),
    0,
  );
  const known = join(folder, 'explore', `${board.name}-${hex32(crc)}.json`);
  if (existsSync(known)) return JSON.parse(readFileSync(known, 'utf8')) as Sample['found'];
  const started = performance.now();
  const area = await measureArea(graph, board, design);
  const found = { ...area, ...(board.nextpnr ? await measureCycles(graph, design, images) : {}) };
  mkdirSync(join(folder, 'explore'), { recursive: true });
  writeFileSync(known, JSON.stringify(found));
  console.log(
    `${design.lanes} lanes, ${design.datapath}, ${board.name}: measured in ${((performance.now() - started) / 1000).toFixed(0)} s`,
  );
  return found;
}

function fit(samples: Sample[]): Fitted {
  const placed = samples.filter(({ found }) => found.cells !== undefined);
  const ice40 = samples.filter(({ board }) => fpgaBoardOf(board).nextpnr);
  const solve = (from: Sample[], equation: (sample: Sample) => Equation) => leastSquares(from.map(equation));
  const luts = solve(ice40, ({ features, found }) => ({ terms: features.logic, value: found.area.luts }));
  const flipFlops = solve(ice40, ({ features, found }) => ({
    terms: features.logic,
    value: found.area.flipFlops,
  }));
  const devices = [...new Set(placed.map(({ board }) => fpgaBoardOf(board).nextpnr!.device))];
  const families = [...new Set(samples.map(({ board }) => fpgaBoardOf(board).family))].filter(
    (family) => !family.startsWith('ice40'),
  );
  const base: Fitted = { luts, flipFlops, cells: {}, families: {}, period: {}, cycles: {} };
  return {
    ...base,
    cells: solve(placed, ({ features, found }) => ({ terms: features.logic, value: found.cells! })),
    families: Object.fromEntries(
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
    ),
    period: Object.fromEntries(
      devices.map((device) => [
        device,
        solve(
          placed.filter(({ board }) => fpgaBoardOf(board).nextpnr!.device === device),
          ({ features, found }) => ({ terms: features.period, value: 1e9 / found.fmaxHz! }),
        ),
      ]),
    ),
    cycles: leastSquares(
      samples.flatMap(({ features, found }): Equation[] =>
        (found.nodeCycles ?? []).map((value, i) => ({ terms: features.cycles[i]!, value })),
      ),
    ),
  };
}

const mean = (values: number[]): number =>
  Number((values.reduce((a, b) => a + b, 0) / values.length).toPrecision(4));

/** What is expected beside what was measured. */
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
    `import type { Fitted } from './fitted.js';

/** Written by \`npm run bench:explore -- fit\`. */
export const fitted: Record<'sequential', Fitted> = ${JSON.stringify(all)};
`,
  );
  execFileSync('npx', ['biome', 'format', '--write', path], { stdio: 'inherit' });
}
