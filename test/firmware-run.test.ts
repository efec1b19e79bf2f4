import { readFile } from 'node:fs/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { boards } from '../firmware-gen/boards/index.js';
import { NOTE_BYTES, reserved, shellRam } from '../firmware-gen/fits.js';
import { toolchainOf } from '../firmware-gen/toolchain.js';
import { linkedBytes, readMap } from '../host/firmware/map.js';
import { printModel } from '../host/firmware/model.js';
import { type Placed, requirePlace } from '../host/firmware/plan-board.js';
import { type OutputFile, prove } from '../models/index.js';
import { compileProduct, runOn } from './firmware-device.js';
import { canTry, removeFolders } from './firmware-project.js';
import { randomGraph, seeded } from './random-graph.js';
import { randomPixels } from './wasm-models.js';

/** A model on every board: compiled in the bytes that were predicted, and equal at every layer where it is emulated. */
const graph = randomGraph(seeded(31), 5);
prove(graph);
const images = [0, 1, 2, 3, 4].map((seed) => randomPixels(graph, seeded(seed), 0.5));

/** Boards of much RAM have the same plan, whose C is printed once. */
const printed = new Map<string, Promise<OutputFile[]>>();
function print({ planned }: Placed): Promise<OutputFile[]> {
  const key = JSON.stringify([planned.plan.arenaBytes, planned.plan.steps]);
  const files = printed.get(key) ?? printModel(planned);
  printed.set(key, files);
  return files;
}

for (const board of boards)
  if (toolchainOf(board) && (await canTry(board)))
    test(`${board.name}: a random graph, planned for the board`, async () => {
      const placed = requirePlace(board, graph);
      const program = await compileProduct(board, placed, { model: await print(placed) });

      const { model, shell } = await linkedBytes(program.map);
      assert.is(model.constants, placed.model.weights + placed.model.constants);
      assert.is(model.ram, placed.model.arena);
      assert.ok(model.code <= placed.model.code, `${model.code} B of code`);
      assert.ok(shell.code + shell.constants <= reserved.code);
      assert.ok(shell.ram <= shellRam(graph.nodes.length));
      const pieces = readMap(await readFile(program.map, 'utf8'));
      const notes = pieces.filter(({ section }) => section.endsWith('.inference_notes'));
      assert.is(notes.length, 1);
      assert.is(notes[0]!.bytes, NOTE_BYTES * (graph.nodes.length + 1));
      assert.ok(NOTE_BYTES <= 64);

      if (!board.emulator) return;
      const { equal, difference, stackBytes } = await runOn({ board, folder: program.folder }, graph, images);
      assert.is(difference, undefined);
      assert.is(equal, images.length);
      assert.ok(stackBytes < board.stackBytes, `${stackBytes} B of stack`);
    });

test.after(removeFolders);
test.run();
