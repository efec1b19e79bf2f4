import { basename, join } from 'node:path';
import { type Board, fpgaBoardOf } from '../../../fpga/boards/index.js';
import type { Point } from '../../../fpga/estimate/explore.js';
import type { Dataset } from '../../../models/dataset.js';
import type { Graph } from '../../../models/graph.js';
import { explore as exploreDesigns, toolsFor } from '../../api/explore.js';
import { datasetFor } from '../../api/images.js';
import { loadGraph } from '../../api/load.js';
import { requireFits } from '../../data/fits.js';
import { usages } from '../../data/index.js';
import { estimateTable, measuredTable, shortages } from '../../report/explore-table.js';
import type { Measured } from '../../run/measure-design.js';
import { requireOwn, requireWritable, writeFiles } from '../../system/files.js';
import { exclusively } from '../../system/lock.js';
import type { Io } from '../io.js';
import { forceOption, integer, required, verb } from '../verb.js';

type Options = {
  board?: string;
  measure: number;
  data?: string;
  count: number;
  out?: string;
  force?: boolean;
};

export const explore = verb<Options>({
  summary: 'compare the FPGA designs that a Graph can have on a board: area, clocks, latency',
  configured: true,
  arguments: [['<graphs...>', 'Graphs, as quantize writes them: the same net at 8, 6 and 4 bits, say']],
  options: [
    { flags: '--board <name>', description: "an FPGA board: 'spikelet boards' lists them" },
    {
      flags: '--measure <n>',
      description: 'so many of the best designs are synthesised, placed and simulated; 0: estimates alone',
      parse: integer(0, 100),
      default: 3,
    },
    { flags: '--data <spec>', description: `images to simulate: ${usages()}` },
    { flags: '--count <n>', description: 'test images to simulate', parse: integer(1, 10_000), default: 10 },
    {
      flags: '--out <folder>',
      description:
        'writes explore.json and explore.svg there, and keeps in measured/ what takes minutes: what is there is not measured again',
    },
    forceOption,
  ],
  async run(args, options, io) {
    const result = () => compareDesigns(args.flat(), options, io);
    return { result: await (options.out === undefined ? result() : exclusively(options.out, result)) };
  },
});

async function compareDesigns(paths: string[], options: Options, io: Io) {
  const board = fpgaBoardOf(required(options.board, '--board'));
  const graphs = await Promise.all(paths.map(loadGraph));
  const files = ['explore.json', 'explore.svg'];
  const { force = false } = options;
  if (options.out) {
    if (!force)
      await requireOwn(
        options.out,
        files.map((path) => ({ path })),
      );
    for (const file of files) await requireWritable(join(options.out, file));
  }
  const names = namesOf(graphs, paths);
  const { measure, count } = options;
  const { simulates } = await toolsFor(board, measure, options.data !== undefined);
  const images =
    simulates && options.data !== undefined
      ? await imagesOf(paths, graphs, { spec: options.data, count }, io)
      : undefined;
  const found = await exploreDesigns(graphs, board.name, {
    ...{ measure, names, count, note: io.note },
    ...(images ? { images } : {}),
    folder: options.out && join(options.out, 'measured'),
  });
  const { designs, estimateErrors, notMeasured } = found;
  const points: Point[] = designs;
  const measured = new Map(
    designs.flatMap((design) => (design.measured ? [[design, design.measured] as const] : [])),
  );
  print(points, measured, board, names, estimateErrors, io);
  for (const line of notMeasured) io.print(line);
  const result = {
    board: board.name,
    graphs: graphs.map(({ name }, i) => ({ path: paths[i]!, name })),
    clockHz: board.clockHz,
    estimateErrors,
    designs,
    notMeasured,
  };
  if (options.out) {
    await writeFiles(
      options.out,
      [{ path: files[0]!, contents: `${JSON.stringify(result, null, 2)}\n` }, ...found.files],
      { force },
    );
    io.print(files.map((file) => join(options.out!, file)).join(', '));
  }
  return result;
}

/** Distinct names for the graphs: their own, or their file names if two are the same. */
const namesOf = (graphs: Graph[], paths: string[]): string[] =>
  new Set(graphs.map(({ name }) => name)).size === graphs.length
    ? graphs.map(({ name }) => name)
    : paths.map((path) => basename(path).replace(/(\.graph)?\.safetensors$/, ''));

/** Loads the data and checks that it fits every graph. */
async function imagesOf(
  paths: string[],
  graphs: Graph[],
  { spec, count }: { spec: string; count: number },
  io: Io,
): Promise<Dataset> {
  const { data } = await datasetFor(paths[0]!, graphs[0]!, { spec, count }, io.note);
  graphs.forEach((graph, i) => {
    requireFits(paths[i]!, { shape: graph.tensors['input']!.shape, classes: graph.classes }, data);
  });
  return data;
}

function print(
  points: Point[],
  measured: Map<Point, Measured>,
  board: Board,
  names: string[],
  errors: string[],
  io: Io,
): void {
  const estimates = estimateTable(points, board, names);
  if (estimates.rows.length) {
    io.print(io.bold(`estimates, fastest first; * none that fits is both faster and smaller`));
    io.table(estimates.columns, estimates.rows);
    for (const line of errors) io.print(line);
  }
  const left = points.filter(({ short }) => short.length);
  if (left.length)
    io.print(
      `${left.length} of ${points.length} designs do not fit ${board.name} by estimate: too few ${shortages(
        left,
      )
        .map(({ what, designs }) => `${what} for ${designs}`)
        .join(', ')}`,
    );
  if (!measured.size) return;
  const { columns, rows } = measuredTable(measured, board, names);
  io.print();
  io.print(io.bold('measured beside their estimates'));
  io.table(columns, rows);
  for (const { short } of measured.values()) if (short.length) io.print(`no room: ${short.join(', ')}`);
}
