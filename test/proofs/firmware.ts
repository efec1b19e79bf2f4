import { boardOf } from '../../firmware-gen/boards/index.js';
import type { ModelBytes } from '../../firmware-gen/fits.js';
import { requirePlace } from '../../firmware-gen/plan-board.js';
import type { Verification } from '../../host/run/verify.js';
import { compileProduct, type DeviceRun, runOn } from '../support/firmware-device.js';
import { canTry, removeFolders, temporaryFolder } from '../support/firmware-project.js';
import { result, spikelet, verdict } from './cli.js';
import { fashion, nano, trainedGraph } from './nets.js';

/**
 * `npm run bench -- firmware`: nets trained on Fashion-MNIST on emulated boards, 'spikelet verify --against
 * firmware' with 100 test images each over a serial port, every layer equal to the interpreter's. Some
 * minutes; nets are kept in build/.
 */
const IMAGES = 100;
const boards = ['mps2-an386', 'mps2-an500', 'rv32-virt', 'rp2040', 'netduinoplus2'];

const { spec } = await fashion();

const trained = [
  {
    name: 'tiny',
    path: await trainedGraph('tiny'),
    on: boards,
  },
  {
    name: 'mini',
    path: await trainedGraph('mini'),
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

const reference = await nano();
if (reference && (await canTry(boardOf('mps2-an386')))) {
  const board = boardOf('mps2-an386');
  const { graph, images } = reference;
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
