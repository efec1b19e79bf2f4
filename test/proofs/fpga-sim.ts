import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Architecture, type Datapath, simulationPorts } from '../../fpga/emit.js';
import { loadGraph } from '../../host/cli/load.js';
import { loadDataset } from '../../host/data/index.js';
import { compileVerilator } from '../../host/fpga/verilator.js';
import { verifyVerilog } from '../../host/verify.js';
import { type Graph, pixelTable, rawImage, rawToPixels } from '../../models/index.js';
import { present } from '../fpga-icarus.js';
import { shared } from '../shared.js';
import { folder } from './cli.js';
import { fashionGraph } from './fashion-graph.js';
import { trainedGraph } from './trained-graph.js';

/**
 * `npm run bench:fpga-sim [GRAPH...]`: 200 Fashion-MNIST images through the Verilated core in both architectures, with and
 * without random stalls on both sides and at every FIFO, each tensor against the interpreter; lanes and datapaths side by
 * side. Ten minutes. Without a graph: the reference's trained net of the tiny class, which has attention and so is
 * sequential alone, and `mini`, trained here for one epoch.
 */
const COUNT = 200;

const designs: [architecture: Architecture, lanes: number, datapath: Datapath][] = [
  ['streaming', 8, 'popcount'],
  ['sequential', 8, 'popcount'],
  ['streaming', 2, 'popcount'],
  ['streaming', 16, 'dsp'],
  ['sequential', 16, 'popcount'],
  ['sequential', 1, 'popcount'],
  ['streaming', 8, 'dsp'],
  ['streaming', 8, 'unary'],
  ['sequential', 8, 'dsp'],
  ['sequential', 8, 'unary'],
];

if (present('verilator', '--version') && !(await prove())) process.exitCode = 1;

async function prove(): Promise<boolean> {
  const data = shared('data/fashion-mnist');
  if (!data) {
    console.log('skipped: ../shared/data/fashion-mnist is absent');
    process.exit();
  }
  const dataset = await loadDataset(`fashion-mnist=${data}`);
  const paths = process.argv.slice(2);
  const graphs = paths.length
    ? await Promise.all(paths.map(loadGraph))
    : [(await fashionGraph(1)).graph, await trainedGraph('mini', data)];
  let right = true;
  for (const graph of graphs) {
    const table = pixelTable(graph);
    const images = Array.from({ length: COUNT }, (_, i) =>
      rawToPixels(table, rawImage(dataset.test, dataset.shape, i)),
    );
    const attends = graph.nodes.some(({ op }) => op === 'attend');
    for (const [architecture, lanes, datapath] of designs)
      if (architecture === 'sequential' || !attends)
        right = (await proveDesign(graph, images, { architecture, lanes, datapath })) && right;
  }
  return right;
}

type Design = { architecture: Architecture; lanes: number; datapath: Datapath };

/** Whether every tensor of every image is equal, alone and behind each other, without stalls and with. */
async function proveDesign(graph: Graph, images: Int8Array[], design: Design): Promise<boolean> {
  const where = join(folder, 'verilog');
  rmSync(where, { recursive: true, force: true });
  const simulate = await compileVerilator(graph, where, design);
  const { fifos: names } = simulationPorts(graph, design);
  const runs = [
    { stall: 0, overlap: false },
    ...(names.length ? [{ stall: 0, overlap: true }] : []),
    { stall: 0.25, overlap: names.length > 0 },
  ];
  let right = true;
  for (const run of runs) {
    const { equal, cycles, interval, fifos, firstDifference } = await verifyVerilog(
      graph,
      simulate,
      images,
      run,
    );
    const stalled = fifos.filter((clocks) => clocks > 0).length;
    right &&= equal === images.length && (run.stall === 0 || stalled === names.length);
    const { architecture, lanes, datapath } = design;
    const speed = run.overlap
      ? `an image each ${Math.round(interval)} cycles`
      : `${Math.round(cycles)} cycles per image`;
    console.log(
      `${graph.name}, ${architecture}, ${lanes} lanes, ${datapath}, ${run.stall * 100} % stalls: ` +
        `${equal} of ${images.length} EQUAL at every tensor, ${speed}` +
        `${run.stall && names.length ? `, ${stalled} of ${names.length} FIFOs stalled, the least for ${Math.min(...fifos)} clocks` : ''}` +
        `${firstDifference ? `, first difference in '${firstDifference.tensor}'` : ''}`,
    );
  }
  return right;
}
