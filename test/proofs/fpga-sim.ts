import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { loadGraph } from '../../host/cli/load.js';
import { loadDataset } from '../../host/data/index.js';
import { compileVerilator } from '../../host/fpga/verilator.js';
import { verifyVerilog } from '../../host/verify.js';
import { pixelTable, rawImage, rawToPixels } from '../../models/index.js';
import { present } from '../fpga-icarus.js';
import { shared } from '../shared.js';
import { folder } from './cli.js';
import { fashionGraph } from './fashion-graph.js';

/**
 * `npm run bench:fpga-sim [GRAPH...]`: 200 Fashion-MNIST images through the Verilated core, with and without random stalls
 * on both sides, each tensor against the interpreter; lanes and datapaths side by side. About two minutes per graph.
 * Without a graph: the reference's trained net of the tiny class.
 */
const COUNT = 200;

if (present('verilator', '--version') && !(await prove())) process.exitCode = 1;

async function prove(): Promise<boolean> {
  const data = shared('data/fashion-mnist');
  if (!data) {
    console.log('skipped: ../shared/data/fashion-mnist is absent');
    process.exit();
  }
  const dataset = await loadDataset(`fashion-mnist=${data}`);
  const paths = process.argv.slice(2);
  const graphs = paths.length ? await Promise.all(paths.map(loadGraph)) : [(await fashionGraph(1)).graph];
  let right = true;
  for (const graph of graphs) {
    const table = pixelTable(graph);
    const images = Array.from({ length: COUNT }, (_, i) =>
      rawToPixels(table, rawImage(dataset.test, dataset.shape, i)),
    );
    for (const [lanes, datapath, stall] of [
      [8, 'popcount', 0],
      [8, 'popcount', 0.25],
      [8, 'unary', 0.25],
      [8, 'dsp', 0.25],
      [1, 'popcount', 0.25],
      [16, 'popcount', 0.25],
    ] as const) {
      const where = join(folder, 'verilog');
      rmSync(where, { recursive: true, force: true });
      const simulate = await compileVerilator(graph, where, { lanes, datapath });
      const { equal, cycles, firstDifference } = await verifyVerilog(graph, simulate, images, { stall });
      right &&= equal === COUNT;
      console.log(
        `${graph.name}, ${lanes} lanes, ${datapath}, ${stall * 100} % stalls: ${equal} of ${COUNT} EQUAL at every tensor, ` +
          `${Math.round(cycles)} cycles per image${firstDifference ? `, first difference in '${firstDifference.tensor}'` : ''}`,
      );
    }
  }
  return right;
}
