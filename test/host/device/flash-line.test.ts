import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createAn3155 } from '../../../host/device/flash/an3155.js';
import { programAt } from '../../../host/device/flash/program.js';
import type { FlashingBy } from '../../../host/device/flash/protocol.js';
import { emulateLoader } from '../../../host/device/loader.js';
import { connectLine, noise } from '../../support/bad-line.js';
import { removeFolders, temporaryFolder } from '../../support/firmware-project.js';
import {
  board,
  compileLoader,
  compileVersion,
  loaderNeeds,
  newFlash,
  opened,
  powered,
  versionOf,
} from '../../support/loader-board.js';
import { socat } from '../../support/needs.js';
import { createPty } from '../../support/pty.js';
import { seeded } from '../../support/random-graph.js';
import { testWith } from '../../support/skip.js';

/** The emulated board behind a bad line: a PTY that passes bytes on, or not. */
const withBoardAndSocat = await testWith([...loaderNeeds, socat]);

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

/** The loader, and the path of the program that is written; each test compiles them for itself. */
async function compileBoth() {
  const program = join(await temporaryFolder(), 'firmware.bin');
  await writeFile(program, await compileVersion('B'));
  return { loader: await compileLoader(8000), program };
}

withBoardAndSocat('over a line that spoils bytes a program is written whole', async () => {
  const { loader, program } = await compileBoth();
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
  await powered(loader, flash, (path) => opened(path, async (port) => assert.is(await versionOf(port), 'B')));
});

withBoardAndSocat('a board that loses its power amid a program goes on where it was', async () => {
  const { loader, program } = await compileBoth();
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
  await powered(loader, flash, (path) => opened(path, async (port) => assert.is(await versionOf(port), 'B')));
});

test.after(removeFolders);
test.run();
