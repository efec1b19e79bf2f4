import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { boardOf } from '../../firmware-gen/boards/index.js';
import type { ModelBytes } from '../../firmware-gen/fits.js';
import { loadDataset } from '../../host/data/index.js';
import { requirePlace } from '../../host/firmware/plan-board.js';
import { importFile } from '../../host/import/index.js';
import { imageOf } from '../../host/trace.js';
import type { Verification } from '../../host/verify.js';
import { toPixels, writeNet } from '../../models/index.js';
import { quantize } from '../../quantize/index.js';
import { compileProduct, type DeviceRun, runOn } from '../firmware-device.js';
import { canTry, removeFolders, temporaryFolder } from '../firmware-project.js';
import { read } from '../reference.js';
import { shared } from '../shared.js';
import { folder, result, spikelet, verdict } from './cli.js';

/**
 * `npm run bench:firmware`: nets trained on Fashion-MNIST on emulated boards, 'spikelet verify --against firmware' with 100
 * test images each over a serial port, every layer equal to the interpreter's. Some minutes; nets are kept in build/.
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

/** The file of the 8-bit graph of a net of Fashion-MNIST that `make` writes, kept for the next time. */
async function graphOf(name: string, make: (path: string) => Promise<unknown>): Promise<string> {
  const [net, path] = [join(folder, `${name}.safetensors`), join(folder, `firmware-${name}.safetensors`)];
  if (!existsSync(path)) {
    if (!existsSync(net)) await make(net);
    await result(...['quantize', net, '--data', spec, '--bits', '8', '--count', '0', '--out', path]);
  }
  return path;
}

/** The reference's E-SpikeFormer of the nano class, and its images. */
async function nano(vectors: string) {
  const input = read(`${vectors}/io.safetensors`).get('input')!;
  const { net } = await importFile(`${vectors}/model.safetensors`, { inputShape: [64, 64, 3] });
  const floats = Array.from({ length: input.shape[0]! }, (_, n) => imageOf(input, n));
  const graph = quantize(net, floats, { bits: 8 });
  return { graph, images: floats.map((image) => toPixels(graph, image)) };
}

const trained = [
  {
    name: 'tiny',
    path: await graphOf('fashion-sfa', async (path) => {
      const { net } = await importFile(`${sfa}/model.safetensors`, { classes: data.classes });
      writeFileSync(path, writeNet(net));
    }),
    on: boards,
  },
  {
    name: 'mini',
    path: await graphOf('mini', (path) =>
      result(...['train', '--model', 'mini', '--data', spec, '--epochs', '1', '--seed', '1', '--out', path]),
    ),
    on: [...boards, 'microbit'],
  },
];

for (const { name, path, on } of trained)
  for (const board of on.map(boardOf)) {
    if (!(await canTry(board))) continue;
    const out = await temporaryFolder();
    const { predicted } = await result<{ predicted: ModelBytes }>(
      ...['build', path, '--target', 'firmware', '--board', board.name, '--out', out],
    );
    const started = performance.now();
    const { lines } = await spikelet(
      ...['verify', path, '--against', 'firmware', '--build', out, '--data', spec, '--count', String(IMAGES)],
    );
    const seconds = (performance.now() - started) / 1000;
    const run = lines.at(-1) as (Verification<'firmware'> & { stackBytes: number }) | undefined;
    tell(`${name} on ${board.name}`, predicted, {
      equal: run?.equal ?? 0,
      stackBytes: run?.stackBytes ?? 0,
      seconds,
      ...(run?.firstDifference ? { difference: run.firstDifference.tensor } : {}),
    });
    await removeFolders();
  }

const vectors = shared('vectors/espikeformer-nano');
if (!vectors) console.log('skipped: ../shared/vectors/espikeformer-nano is absent');
else if (await canTry(boardOf('mps2-an386'))) {
  const board = boardOf('mps2-an386');
  const { graph, images } = await nano(vectors);
  const placed = requirePlace(board, graph);
  const { folder: built } = await compileProduct(board, placed);
  const run = await runOn({ board, folder: built }, graph, images);
  tell(`E-SpikeFormer-nano on ${board.name}`, placed.model, run, images.length);
  await removeFolders();
}

function tell(what: string, { weights, constants, arena }: ModelBytes, run: DeviceRun, count = IMAGES): void {
  verdict(
    `${what}: ${weights + constants} B of constants, arena ${arena} B, stack ${run.stackBytes} B, ` +
      `${(run.seconds / count).toFixed(2)} s an image, the interpreter's time included`,
    run.difference ?? `${run.equal} of ${count} equal at every layer`,
    'all',
    run.equal === count,
  );
}
