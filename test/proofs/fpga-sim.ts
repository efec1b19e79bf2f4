import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Architecture, type Datapath, simulationPorts } from '../../fpga/emit/index.js';
import { loadGraph } from '../../host/api/load.js';
import { testPixels } from '../../host/data/pixels.js';
import { compileVerilator } from '../../host/eda/verilator.js';
import { verifyVerilog } from '../../host/run/verify.js';
import type { Graph } from '../../models/index.js';
import { leaveFigure } from '../docs/figure.js';
import { verilatorBuilds } from '../support/needs.js';
import { allThere } from '../support/skip.js';
import { folder } from './cli.js';
import { fashion, nano, type TrainedNet, trainedGraph } from './nets.js';

/**
 * `npm run bench -- fpga-sim [GRAPH...]`: 200 Fashion-MNIST images through the Verilated core in both
 * architectures, with and without random stalls on both sides and at every FIFO, each tensor against the
 * interpreter; lanes and datapaths side by side for `mini`, trained here for one epoch. Without a graph also
 * a fully connected and a convolutional net trained here, and, in the sequential architecture, which serves
 * attention too, the reference's trained net of the tiny class and its E-SpikeFormer-nano on that one's own
 * images. Some minutes per net.
 */
const COUNT = 200;
const nets: TrainedNet[] = ['tiny', 'dense', 'conv', 'mini'];

type Design = { architecture: Architecture; lanes: number; datapath: Datapath };

/** What serves every net. */
const usual: Design = { architecture: 'sequential', lanes: 8, datapath: 'popcount' };

/** What serves nets without attention. */
const feedForward: Design = { ...usual, architecture: 'streaming' };

const designs: Design[] = [
  feedForward,
  usual,
  { architecture: 'streaming', lanes: 2, datapath: 'popcount' },
  { architecture: 'streaming', lanes: 16, datapath: 'dsp' },
  { architecture: 'sequential', lanes: 16, datapath: 'popcount' },
  { architecture: 'sequential', lanes: 1, datapath: 'popcount' },
  { architecture: 'streaming', lanes: 8, datapath: 'dsp' },
  { architecture: 'streaming', lanes: 8, datapath: 'unary' },
  { architecture: 'sequential', lanes: 8, datapath: 'dsp' },
  { architecture: 'sequential', lanes: 8, datapath: 'unary' },
];

/** Cycles of the usual designs, by net: sequential, streaming, streaming with one image behind the other. */
const cyclesOf = new Map<string, [number | string, number | string, number | string]>();

if ((await allThere('designs', verilatorBuilds)) && !(await prove())) process.exitCode = 1;

async function prove(): Promise<boolean> {
  const { data } = await fashion();
  const paths = process.argv.slice(2);
  const reference = paths.length ? undefined : await nano();
  let right = !reference || (await proveDesign(reference.graph, reference.images, usual));
  for (const path of paths.length ? paths : await Promise.all(nets.map((net) => trainedGraph(net)))) {
    const graph = await loadGraph(path);
    const images = [...testPixels(graph, data, COUNT)];
    const attends = graph.nodes.some(({ op }) => op === 'attend');
    const all = graph.name === 'mini' ? designs : attends ? [usual] : [usual, feedForward];
    for (const design of all) right = (await proveDesign(graph, images, design)) && right;
  }
  // Nets in the order of size, a design that none has empty.
  if (!paths.length && right)
    leaveFigure({
      name: 'fpga-sim',
      command: 'npm run bench -- fpga-sim',
      columns: [
        { title: 'net, 8 lanes, popcount' },
        { title: 'sequential, cycles an image', kind: 'simulated' },
        { title: 'streaming, cycles an image', kind: 'simulated' },
        { title: 'streaming, one image behind the other', kind: 'simulated' },
      ],
      rows: [...cyclesOf].map(([net, cycles]) => [`\`${net}\``, ...cycles]),
    });
  return right;
}

/** Whether every tensor of every image is equal, alone and behind each other, without stalls and with. */
async function proveDesign(graph: Graph, images: Int8Array[], design: Design): Promise<boolean> {
  const where = join(folder, 'fpga-sim');
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
    if (run.stall === 0 && (design === usual || design === feedForward)) {
      const cells = cyclesOf.get(graph.name) ?? ['', '', ''];
      cells[design === usual ? 0 : run.overlap ? 2 : 1] = Math.round(run.overlap ? interval : cycles);
      cyclesOf.set(graph.name, cells);
    }
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
