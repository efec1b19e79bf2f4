import { copyFile, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loaderOf } from '../firmware-gen/loader.js';
import { createAn3155 } from '../host/device/flash/an3155.js';
import { programAt } from '../host/device/flash/program.js';
import type { FlashingBy } from '../host/device/flash/protocol.js';
import { emulateLoader } from '../host/device/loader.js';
import { openPort } from '../host/device/port.js';
import type { Built } from '../host/firmware/make.js';
import { temporaryFolder } from './firmware-project.js';
import {
  board,
  compileLoader,
  compileVersion,
  imageOf,
  newFlash,
  opened,
  powered,
  versionOf,
} from './loader-board.js';

/** The emulated board loses its power while a program A is replaced by B: the emulator is killed, its flash stays. */
export type Bench = {
  loader: Built;
  /** Path of B's firmware.bin, and both images as they lie in a slot. */
  program: string;
  images: { A: Uint8Array; B: Uint8Array };
  /** The file of a flash that runs A. */
  flashA: string;
};

/** `at`: bytes on the wire after which the power fails, calls not counted; `delay`: milliseconds later. */
export type Cut = { at: number; delay: number };

class PowerCut extends Error {}

export async function createBench(fillerBytes: number): Promise<Bench> {
  // A short window: every start waits for it.
  const loader = await compileLoader(200);
  const folder = await temporaryFolder();
  const [a, b] = [await compileVersion('A', fillerBytes), await compileVersion('B', fillerBytes)];
  const [pathA, program] = [join(folder, 'a.bin'), join(folder, 'b.bin')];
  await writeFile(pathA, a);
  await writeFile(program, b);
  const bench = { loader, program, images: { A: imageOf(a), B: imageOf(b) }, flashA: await newFlash() };
  await session({ ...bench, program: pathA }, bench.flashA);
  return bench;
}

/** Flashes the bench's program. Returns the bytes on the wire before each write: where one operation has ended. */
export async function session(bench: Bench, flash: string, cut?: Cut): Promise<number[]> {
  const emulation = await emulateLoader(board, bench.loader, flash);
  const ends: number[] = [];
  let sent = 0;
  const cutting: typeof openPort = async (path, options) => {
    const port = await openPort(path, options);
    const write = async (bytes: Uint8Array): Promise<void> => {
      const isCall = bytes.length === 1;
      if (isCall) return port.write(bytes);
      ends.push(sent);
      const left = cut ? cut.at - sent : Number.POSITIVE_INFINITY;
      if (left > 0) await port.write(bytes.subarray(0, left));
      sent += Math.min(bytes.length, left);
      if (!cut || sent < cut.at) return;
      await new Promise((done) => setTimeout(done, cut.delay));
      await emulation.stop();
      throw new PowerCut();
    };
    return { ...port, write };
  };
  try {
    await createAn3155(undefined, cutting).flash({
      board,
      flashing: board.flashing as FlashingBy<'an3155'>,
      program: await programAt(bench.program),
      port: emulation.port,
      progress: () => undefined,
      note: () => undefined,
    });
  } catch (error) {
    if (!(error instanceof PowerCut)) throw error;
  } finally {
    await emulation.stop();
  }
  return [...ends, sent];
}

/** What a flash holds where programs run: one of them whole, or neither. */
export async function runningIn(bench: Bench, flash: string): Promise<'A' | 'B' | 'neither'> {
  const { slots } = loaderOf(board);
  const file = await open(flash);
  try {
    const found = new Uint8Array(bench.images.A.length);
    await file.read(found, 0, found.length, slots.running - slots.record);
    const same = (image: Uint8Array) => Buffer.compare(found, image) === 0;
    return same(bench.images.A) ? 'A' : same(bench.images.B) ? 'B' : 'neither';
  } finally {
    await file.close();
  }
}

/** Power comes back: the letter of the program that runs. */
export const startsWith = (bench: Bench, flash: string): Promise<string> =>
  powered(bench.loader, flash, (path) => opened(path, versionOf));

export type Outcome = { torn: boolean; starts: string };

/** A session that replaces A by B and is cut; which program starts afterwards. */
export async function replaceAndCut(bench: Bench, cut: Cut): Promise<Outcome> {
  const flash = await newFlash();
  await copyFile(bench.flashA, flash);
  await session(bench, flash, cut);
  return { torn: (await runningIn(bench, flash)) === 'neither', starts: await startsWith(bench, flash) };
}

/** A flash whose power failed after B was committed: the next start installs it. */
export async function committed(bench: Bench, wireBytes: number): Promise<string> {
  for (let tries = 0; tries < 20; tries++) {
    const flash = await newFlash();
    await copyFile(bench.flashA, flash);
    await session(bench, flash, { at: wireBytes, delay: tries / 2 });
    const probe = await newFlash();
    await copyFile(flash, probe);
    if ((await runningIn(bench, flash)) !== 'B' && (await startsWith(bench, probe)) === 'B') return flash;
  }
  throw new Error('no cut came between commit and the end of the installation');
}

/** A start of such a flash that is cut after `delay` milliseconds, then another. */
export async function startAndCut(bench: Bench, from: string, delay: number): Promise<Outcome> {
  const flash = await newFlash();
  await copyFile(from, flash);
  await powered(bench.loader, flash, () => new Promise((done) => setTimeout(done, delay)));
  return { torn: (await runningIn(bench, flash)) === 'neither', starts: await startsWith(bench, flash) };
}
