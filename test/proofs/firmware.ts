import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { boardOf } from '../../firmware-gen/boards/index.js';
import { loadDataset } from '../../host/data/index.js';
import { printModel } from '../../host/firmware/model.js';
import { requirePlace } from '../../host/firmware/plan-board.js';
import { importFile } from '../../host/import/index.js';
import { imageOf } from '../../host/trace.js';
import {
  type Graph,
  pixelTable,
  rawImage,
  rawToPixels,
  readGraph,
  toPixels,
  writeNet,
} from '../../models/index.js';
import { quantize } from '../../quantize/index.js';
import { compileClassify, runOnBoard } from '../firmware-device.js';
import { canTry, removeFolders } from '../firmware-project.js';
import { read } from '../reference.js';
import { shared } from '../shared.js';
import { folder, result, verdict } from './cli.js';

/**
 * `npm run bench:firmware`: nets trained on Fashion-MNIST on emulated boards, 100 test images each over a serial port,
 * every layer equal to the interpreter's. Some minutes; nets are kept in build/.
 */
const IMAGES = 100;
const boards = ['mps2-an386', 'mps2-an500', 'rv32-virt', 'rp2040', 'netduinoplus2'];

const fashion = shared('data/fashion-mnist');
const sfa = shared('vectors/fashion-sfa');
if (!fashion || !sfa) {
  console.log('skipped: ../shared/data/fashion-mnist or ../shared/vectors/fashion-sfa is absent');
  process.exit();
}
const spec = `fashion-mnist=${fashion}`;
const data = await loadDataset(spec);
mkdirSync(folder, { recursive: true });

/** The 8-bit graph of a net of Fashion-MNIST that `make` writes, kept for the next time, and test images. */
async function trained(name: string, make: (path: string) => Promise<unknown>) {
  const [net, path] = [join(folder, `${name}.safetensors`), join(folder, `firmware-${name}.safetensors`)];
  if (!existsSync(path)) {
    if (!existsSync(net)) await make(net);
    await result(...['quantize', net, '--data', spec, '--bits', '8', '--count', '0', '--out', path]);
  }
  const graph = readGraph(readFileSync(path), path);
  const table = pixelTable(graph);
  const images = Array.from({ length: IMAGES }, (_, i) =>
    rawToPixels(table, rawImage(data.test, data.shape, i)),
  );
  return { graph, images };
}

/** The reference's E-SpikeFormer of the nano class, and its images. */
async function nano(vectors: string) {
  const input = read(`${vectors}/io.safetensors`).get('input')!;
  const { net } = await importFile(`${vectors}/model.safetensors`, { inputShape: [64, 64, 3] });
  const floats = Array.from({ length: input.shape[0]! }, (_, n) => imageOf(input, n));
  const graph = quantize(net, floats, { bits: 8 });
  return { graph, images: floats.map((image) => toPixels(graph, image)) };
}

type Trial = { name: string; graph: Graph; images: Int8Array[]; on: string[] };

const trials: Trial[] = [
  {
    name: 'tiny',
    ...(await trained('fashion-sfa', async (path) => {
      const { net } = await importFile(`${sfa}/model.safetensors`, { classes: data.classes });
      writeFileSync(path, writeNet(net));
    })),
    on: boards,
  },
  {
    name: 'mini',
    ...(await trained('mini', (path) =>
      result(...['train', '--model', 'mini', '--data', spec, '--epochs', '1', '--seed', '1', '--out', path]),
    )),
    on: [...boards, 'microbit'],
  },
];
const vectors = shared('vectors/espikeformer-nano');
if (vectors) trials.push({ name: 'E-SpikeFormer-nano', ...(await nano(vectors)), on: ['mps2-an386'] });
else console.log('skipped: ../shared/vectors/espikeformer-nano is absent');

for (const { name, graph, images, on } of trials)
  for (const board of on.map(boardOf)) {
    if (!(await canTry(board))) continue;
    const placed = requirePlace(board, graph);
    const program = await compileClassify(board, placed, await printModel(placed.planned));
    const { equal, difference, stackBytes, seconds } = await runOnBoard(board, program, graph, images);
    const { weights, constants, arena } = placed.model;
    verdict(
      `${name} on ${board.name}: ${weights + constants} B of constants, arena ${arena} B, stack ${stackBytes} B, ` +
        `${(seconds / images.length).toFixed(2)} s an image`,
      difference ?? `${equal} of ${images.length} equal at every layer`,
      'all',
      equal === images.length,
    );
    await removeFolders();
  }
