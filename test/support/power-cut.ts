import type { ChildProcess } from 'node:child_process';
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { copyFile, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loaderOf } from '../../firmware-gen/loader.js';
import { createAn3155 } from '../../host/device/flash/an3155.js';
import { call } from '../../host/device/flash/an3155-frames.js';
import { programAt } from '../../host/device/flash/program.js';
import type { FlashingBy } from '../../host/device/flash/protocol.js';
import { emulateLoader } from '../../host/device/loader.js';
import { openPort } from '../../host/device/port.js';
import type { Built } from '../../host/toolchain/make.js';
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

/**
 * The emulated board loses its power while a program A is replaced by B: the emulator is killed, its flash
 * stays.
 */
export type Bench = {
  loader: Built;
  /** Path of B's firmware.bin, and both images as they are in a slot. */
  program: string;
  images: { A: Uint8Array; B: Uint8Array };
  /** The file of a flash that runs A. */
  flashA: string;
};

/**
 * `at`: bytes on the wire after which the power fails, calls not counted; `delay`: milliseconds later, or
 * once the board has answered.
 */
export type Cut = { at: number; delay: number | 'answered' };

class PowerCut extends Error {}

/** `windowMs`: how long the loader waits to be called at every start. */
export async function createBench(fillerBytes: number, windowMs: number): Promise<Bench> {
  const loader = await compileLoader(windowMs);
  const folder = await temporaryFolder();
  const [a, b] = [await compileVersion('A', fillerBytes), await compileVersion('B', fillerBytes)];
  const [pathA, program] = [join(folder, 'a.bin'), join(folder, 'b.bin')];
  await writeFile(pathA, a);
  await writeFile(program, b);
  const bench = { loader, program, images: { A: imageOf(a), B: imageOf(b) }, flashA: await newFlash() };
  await session({ ...bench, program: pathA }, bench.flashA);
  return bench;
}

/**
 * Flashes the bench's program. Returns the bytes on the wire before each write: where one operation has
 * ended.
 */
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
      const { delay } = cut;
      if (delay === 'answered') await port.read(1, 60_000);
      else await new Promise((done) => setTimeout(done, delay));
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

/** A flash that runs A and holds B whole, as it is before the command that commits. */
export async function preloaded(bench: Bench): Promise<string> {
  const { slots } = loaderOf(board);
  const flash = await newFlash();
  await copyFile(bench.flashA, flash);
  const file = await open(flash, 'r+');
  try {
    await file.write(bench.images.B, 0, undefined, slots.incoming - slots.record);
  } finally {
    await file.close();
  }
  return flash;
}

/** A million instructions a second, as the clock on the wall goes: slow enough to look on. */
const SLOWLY = ['-icount', 'shift=10,align=on'];

/**
 * Commits B in such a flash; the power fails once the byte at `offset` (or the next that differs) of the
 * program that runs is erased or rewritten. The flash is read while the board changes it.
 */
export async function installAndCut(
  bench: Bench,
  from: string,
  { offset: wish, when }: { offset: number; when: 'erased' | 'written' },
): Promise<Outcome> {
  const flash = await newFlash();
  await copyFile(from, flash);
  const { slots } = loaderOf(board);
  const { A, B } = bench.images;
  // The next byte that says which program it is of.
  let offset = wish;
  while (A[offset] === B[offset] || A[offset] === 0xff || B[offset] === 0xff)
    offset = (offset + 1) % A.length;
  const wanted = when === 'erased' ? 0xff : B[offset]!;
  const file = openSync(flash, 'r');
  const byte = new Uint8Array(1);
  try {
    const cut = async (path: string, emulator: ChildProcess): Promise<void> => {
      await opened(path, async (port) => {
        if (!(await call(port, 20_000))) throw new Error('no loader answers');
        const line = openSync(path, constants.O_WRONLY | constants.O_NOCTTY);
        await port.write(Uint8Array.of(0x21, 0xde));
        await port.read(1, 10_000);
        // The address after the command that commits; then this process does nothing but look.
        writeSync(line, Uint8Array.of(8, 0, 0, 0, 8));
        for (const end = performance.now() + 20_000; byte[0] !== wanted && performance.now() < end; )
          readSync(file, byte, 0, 1, slots.running - slots.record + offset);
        emulator.kill('SIGKILL');
        closeSync(line);
      });
    };
    await powered(bench.loader, flash, cut, SLOWLY);
  } finally {
    closeSync(file);
  }
  return { torn: (await runningIn(bench, flash)) === 'neither', starts: await startsWith(bench, flash) };
}
