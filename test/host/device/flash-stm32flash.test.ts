import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { requirePlace } from '../../../firmware-gen/plan-board.js';
import { call } from '../../../host/device/flash/an3155-frames.js';
import { runTool } from '../../../host/toolchain/tools.js';
import { prove } from '../../../models/index.js';
import { compileProduct, runOn } from '../../support/firmware-device.js';
import { removeFolders, temporaryFolder } from '../../support/firmware-project.js';
import {
  BAUD,
  board,
  compileLoader,
  compileVersion,
  imageOf,
  loaderNeeds,
  newFlash,
  opened,
  powered,
  versionOf,
} from '../../support/loader-board.js';
import { stm32flash } from '../../support/needs.js';
import { randomGraph, seeded } from '../../support/random-graph.js';
import { testWith } from '../../support/skip.js';
import { randomPixels } from '../../support/wasm-models.js';

/** ST's protocol as others speak it: the program stm32flash against the loader on the emulated board. */
/** A random graph as the tests' firmware, and images for it. */
const graph = randomGraph(seeded(31), 5);
const images = [0, 1, 2].map((seed) => randomPixels(graph, seeded(seed), 0.5));

async function compileModel(): Promise<Uint8Array> {
  prove(graph);
  const placed = requirePlace(board, graph);
  const { bin } = await compileProduct(board, placed);
  return readFile(bin);
}

(await testWith([...loaderNeeds, stm32flash]))(
  'stm32flash writes, verifies and starts a program, then a model, on the emulated loader',
  async () => {
    const loader = await compileLoader(5000);
    const flash = await newFlash();
    const folder = await temporaryFolder();
    const write = async (path: string, name: string, program: Uint8Array): Promise<void> => {
      const file = join(folder, name);
      await writeFile(file, imageOf(program));
      // A PTY has no parity, and stm32flash insists on what it set.
      const args = ['-m', '8n1', '-b', String(BAUD), '-w', file, '-v', '-g', '0', path];
      // On a busy machine the emulator may stand still for longer than stm32flash waits: then once more.
      const run = () => runTool('stm32flash', args, stm32flash);
      const said = await run().catch(run).catch(run);
      assert.match(said, /Wrote and verified address \S+ \(100\.00%\)/);
      assert.match(said, /Starting execution at address 0x08000000\.\.\. done/);
    };
    const [program, model] = [await compileVersion('A'), await compileModel()];
    await powered(loader, flash, async (path) => {
      // QEMU may find a second late that its port is open, and stm32flash does not wait so long.
      await opened(path, async (port) => assert.ok(await call(port, 20_000)));
      await write(path, 'program.img', program);
      await opened(path, async (port) => {
        assert.is(await versionOf(port), 'A');
        await port.write(Buffer.from('R'));
        assert.ok(await call(port, 20_000));
      });
      await write(path, 'model.img', model);
      assert.is((await runOn({ port: path }, graph, images)).equal, images.length);
    });
    // Power is cut and comes back: the model starts, once the loader has waited in vain.
    await powered(loader, flash, async (path) => {
      assert.is((await runOn({ port: path }, graph, images)).equal, images.length);
    });
  },
);

test.after(removeFolders);
test.run();
