import { readFile } from 'node:fs/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { boardOf, boards } from '../../firmware-gen/boards/index.js';
import { NOTE_BYTES, reserved, shellRam } from '../../firmware-gen/fits.js';
import { type Placed, requirePlace } from '../../firmware-gen/plan-board.js';
import { toolchainOf } from '../../firmware-gen/toolchain.js';
import { emulate } from '../../host/device/emulate.js';
import { linkedBytes, readMap } from '../../host/toolchain/map.js';
import { printModel } from '../../host/toolchain/model.js';
import { type OutputFile, prove } from '../../models/index.js';
import { connectLine, noise } from '../support/bad-line.js';
import { compileProduct, runOn } from '../support/firmware-device.js';
import { removeFolders } from '../support/firmware-project.js';
import { boardNeeds, socat } from '../support/needs.js';
import { createPty } from '../support/pty.js';
import { randomGraph, seeded } from '../support/random-graph.js';
import { testWith } from '../support/skip.js';
import { randomPixels } from '../support/wasm-models.js';

/**
 * A model on every board: compiled in the bytes that were predicted, and equal at every layer where it is
 * emulated.
 */
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
  if (toolchainOf(board))
    (await testWith(boardNeeds(board)))(`${board.name}: a random graph, planned for the board`, async () => {
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

const bad = boardOf('mps2-an386');
(await testWith([...boardNeeds(bad), socat]))(
  `${bad.name} over a line that flips, drops and doubles bytes: every layer still equal`,
  async () => {
    const placed = requirePlace(bad, graph);
    const program = await compileProduct(bad, placed, { model: await print(placed) });
    const emulation = await emulate(bad, { program });
    const pty = await createPty();
    let spoilt = 0;
    const spoil = noise(seeded(Number(process.env['SPIKELET_SEED'] ?? 1)), 333);
    const stop = await connectLine(emulation.port, pty, (bytes) => {
      const passed = spoil(bytes);
      if (!Buffer.from(passed).equals(bytes)) spoilt++;
      return passed;
    });
    try {
      const { equal, difference } = await runOn({ port: pty.path }, graph, images, { chunk: 64 });
      assert.is(difference, undefined);
      assert.is(equal, images.length);
      assert.ok(spoilt > 0, 'no byte was spoilt');
    } finally {
      await stop();
      await pty.close();
      await emulation.stop();
    }
  },
);

test.after(removeFolders);
test.run();
