import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { boards } from '../firmware-gen/boards/index.js';
import { reserved } from '../firmware-gen/fits.js';
import { toolchainOf } from '../firmware-gen/toolchain.js';
import { linkedBytes } from '../host/firmware/map.js';
import { printModel } from '../host/firmware/model.js';
import { type Placed, requirePlace } from '../host/firmware/plan-board.js';
import { type OutputFile, prove } from '../models/index.js';
import { compileClassify, runOnBoard } from './firmware-device.js';
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
      const program = await compileClassify(board, placed, await print(placed));

      const { model, shell } = await linkedBytes(program.map);
      const driver = 4 * graph.nodes.length;
      assert.is(model.constants, placed.model.weights + placed.model.constants);
      assert.is(model.ram - driver, placed.model.arena);
      assert.ok(model.code <= placed.model.code, `${model.code} B of code`);
      assert.ok(shell.code + shell.constants <= reserved.code);
      assert.ok(shell.ram <= reserved.ram);

      if (!board.emulator) return;
      const { equal, difference, stackBytes } = await runOnBoard(board, program, graph, images);
      assert.is(difference, undefined);
      assert.is(equal, images.length);
      assert.ok(stackBytes < board.stackBytes, `${stackBytes} B of stack`);
    });

test.after(removeFolders);
test.run();
