import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createAn3155 } from '../host/device/flash/an3155.js';
import { programAt } from '../host/device/flash/program.js';
import type { FlashingBy } from '../host/device/flash/protocol.js';
import { emulateLoader } from '../host/device/loader.js';
import { versionOfTool } from '../host/firmware/tools.js';
import { connectLine, noise } from './bad-line.js';
import { removeFolders, temporaryFolder } from './firmware-project.js';
import {
  board,
  canTryLoader,
  compileLoader,
  compileVersion,
  newFlash,
  opened,
  powered,
  versionOf,
} from './loader-board.js';
import { createPty, needsSocat } from './pty.js';
import { seeded } from './random-graph.js';

/** The emulated board behind a bad line: a PTY of ours, which passes bytes on as it likes. */
const socat = await versionOfTool('socat', '-V');
if (!socat) console.log(`skipped: bad lines, because socat is not installed (${needsSocat})`);

async function flashOver(path: string, program: string, progress: (done: number) => void = () => undefined) {
  return createAn3155().flash({
    board,
    flashing: board.flashing as FlashingBy<'an3155'>,
    program: await programAt(program),
    port: path,
    progress,
    note: () => undefined,
  });
}

if (socat && (await canTryLoader())) {
  const loader = await compileLoader(8000);
  const program = join(await temporaryFolder(), 'firmware.bin');
  await writeFile(program, await compileVersion('B'));

  test('over a line that spoils bytes a program is written whole', async () => {
    const flash = await newFlash();
    const emulation = await emulateLoader(board, loader, flash);
    const pty = await createPty();
    const random = seeded(Number(process.env['SPIKELET_SEED'] ?? 1));
    const stop = await connectLine(emulation.port, pty, noise(random, 2000));
    try {
      const { restarts } = await flashOver(pty.path, program);
      assert.ok(restarts > 0, 'no byte was spoilt');
    } finally {
      await stop();
      await pty.close();
      await emulation.stop();
    }
    await powered(loader, flash, (path) =>
      opened(path, async (port) => assert.is(await versionOf(port), 'B')),
    );
  });

  test('a board that loses its power amid a program goes on where it was', async () => {
    const flash = await newFlash();
    const pty = await createPty();
    let emulation = await emulateLoader(board, loader, flash);
    let stop = await connectLine(emulation.port, pty, (bytes) => bytes);
    let replugged: Promise<void> | undefined;
    const replug = async () => {
      await stop();
      await emulation.stop();
      emulation = await emulateLoader(board, loader, flash);
      stop = await connectLine(emulation.port, pty, (bytes) => bytes);
    };
    try {
      const { restarts } = await flashOver(pty.path, program, (done) => {
        if (done > 2000) replugged ??= replug();
      });
      assert.ok(restarts > 0, 'the link was not lost');
      await replugged;
    } finally {
      await stop();
      await pty.close();
      await emulation.stop();
    }
    await powered(loader, flash, (path) =>
      opened(path, async (port) => assert.is(await versionOf(port), 'B')),
    );
  });
} else test.skip('bad lines');

test.after(removeFolders);
test.run();
