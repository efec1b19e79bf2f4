import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { boards } from '../firmware-gen/boards/index.js';
import { reserved } from '../firmware-gen/fits.js';
import { toolchainOf } from '../firmware-gen/toolchain.js';
import { emulate } from '../host/device/emulate.js';
import { linkedBytes } from '../host/firmware/map.js';
import { printModel } from '../host/firmware/model.js';
import { type Placed, requirePlace } from '../host/firmware/plan-board.js';
import { interpret, type OutputFile, prove } from '../models/index.js';
import { canTry, compile, removeFolders } from './firmware-project.js';
import { openSerial } from './firmware-serial.js';
import { randomGraph, seeded } from './random-graph.js';
import { randomPixels } from './wasm-models.js';

/** Models on emulated boards, over serial ports, without the link of the shell. */
const classify = {
  path: 'classify.c',
  contents: readFileSync(new URL('../../test/firmware/classify.c', import.meta.url), 'utf8'),
};
const IMAGES = 5;

const graph = randomGraph(seeded(31), 5);
prove(graph);

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
    test(`${board.name}: a random graph, planned for the board, has the interpreter's logits`, async () => {
      const placed = requirePlace(board, graph);
      const model = await print(placed);
      const program = await compile(board, { sources: [], model: [...model, classify] });

      const linked = await linkedBytes(program.map);
      assert.is(linked.model.constants, placed.model.weights + placed.model.constants);
      assert.is(linked.model.ram, placed.model.arena);
      assert.ok(linked.model.code <= placed.model.code, `${linked.model.code} B of code`);
      assert.ok(linked.shell.code + linked.shell.constants <= reserved.code);
      assert.ok(linked.shell.ram <= reserved.ram);

      if (!board.emulator) return;
      const emulation = await emulate(board, { program });
      const port = await openSerial(emulation.port);
      try {
        await port.greet();
        for (let image = 0; image < IMAGES; image++) {
          const pixels = randomPixels(graph, seeded(image), 0.5);
          port.send('I');
          port.send(new Uint8Array(pixels.buffer));
          const logits = await port.take(4 * graph.classes.length);
          assert.equal(
            graph.classes.map((_, i) => logits.readInt32LE(4 * i)),
            [...interpret(graph, pixels)],
          );
        }
      } finally {
        await port.close();
        await emulation.stop();
      }
    });

test.after(removeFolders);
test.run();
