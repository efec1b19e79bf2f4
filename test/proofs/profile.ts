import { readFile } from 'node:fs/promises';
import { type Board, boardOf } from '../../firmware-gen/boards/index.js';
import { requirePlace } from '../../firmware-gen/plan-board.js';
import { withBoard } from '../../host/device/board.js';
import { note } from '../../host/device/board-link.js';
import { readMap } from '../../host/toolchain/map.js';
import { printModel } from '../../host/toolchain/model.js';
import { type Graph, prove } from '../../models/index.js';
import { compileProduct } from '../support/firmware-device.js';
import { canTry, removeFolders } from '../support/firmware-project.js';
import { randomGraph, seeded } from '../support/random-graph.js';
import { randomPixels } from '../support/wasm-models.js';
import { verdict } from './cli.js';
import { fashionGraph } from './nets.js';

/**
 * `npm run bench -- profile`: what the notes of `spikelet profile` cost: a trained net and a tiny random one,
 * compiled without notes, with them and none wanted, with the ticks of every layer; and the RAM that they
 * take for a layer.
 */
const IMAGES = 5;
const MOST = 1.02;
const MOST_BYTES = 64;

const random = randomGraph(seeded(31), 5);
prove(random);
const nets = [
  await fashionGraph(IMAGES),
  {
    graph: random,
    images: Array.from({ length: IMAGES }, (_, seed) => randomPixels(random, seeded(seed), 0.5)),
  },
];

for (const board of ['mps2-an386', 'mps2-an500', 'rv32-virt', 'rp2040'].map(boardOf))
  for (const { graph, images } of nets) if (await canTry(board)) await measure(board, graph, images);
await removeFolders();

async function measure(board: Board, graph: Graph, images: Int8Array[]): Promise<void> {
  const placed = requirePlace(board, graph);
  const model = await printModel(placed.planned);
  const plain = await compileProduct(board, placed, { model, defines: [] });
  const noting = await compileProduct(board, placed, { model });

  const [without] = await ticksOf(board, plain.folder, images, [0]);
  const [idle, ticks] = await ticksOf(board, noting.folder, images, [0, note.ticks]);
  const what = `'${graph.name}' on ${board.name}`;
  const counted = (value: number) => Math.round((value * board.counter.count) / board.counter.ticks);
  for (const [how, with_] of [
    ['notes none wanted', idle!],
    ['ticks of every layer', ticks!],
  ] as const)
    verdict(
      `${what}, ${how}`,
      `${counted(with_)} ${board.counter.means} instead of ${counted(without!)}, ${(100 * (with_ / without! - 1)).toFixed(2)} % more`,
      '<= 2 %',
      with_ <= MOST * without!,
    );

  const pieces = readMap(await readFile(noting.map, 'utf8'));
  const notes = pieces.find(({ section }) => section.endsWith('.inference_notes'))!;
  const bytes = notes.bytes / (graph.nodes.length + 1);
  verdict(`${what}, RAM for a layer`, `${bytes} B`, `<= ${MOST_BYTES} B`, bytes <= MOST_BYTES);
}

/** Mean ticks of an inference, for each of several wishes for notes. */
async function ticksOf(
  board: Board,
  folder: string,
  images: Int8Array[],
  wishes: number[],
): Promise<number[]> {
  const target = { board, folder, counting: true, note: () => undefined };
  return withBoard(target, {}, async (link) => {
    const sums = wishes.map(() => 0);
    for (const image of images)
      for (const [i, wish] of wishes.entries()) sums[i]! += (await link.infer(image, wish)).ticks;
    return sums.map((sum) => sum / images.length);
  });
}
