import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { boardOf } from '../../firmware-gen/boards/index.js';
import { loaderImage, loaderOf } from '../../firmware-gen/loader.js';
import { buildLoader, emulateLoader } from '../../host/device/loader.js';
import { openPort, type Port } from '../../host/device/port.js';
import type { Built } from '../../host/toolchain/make.js';
import { compile, temporaryFolder } from './firmware-project.js';
import { boardNeeds } from './needs.js';

/** The emulated board with spikelet's loader, and programs for it that say which they are. */
export const board = boardOf('mps2-an386-loader');
export const BAUD = 115200;

const source = new URL('../../../test/support/c/versions.c', import.meta.url);

/** What compiles and runs the loader. */
export const loaderNeeds = boardNeeds(loaderOf(board).board);

export const compileLoader = async (windowMs?: number): Promise<Built> =>
  buildLoader(board, await temporaryFolder(), windowMs);

/** The program that answers with a letter, as firmware.bin. */
export async function compileVersion(letter: string, fillerBytes = 4096): Promise<Uint8Array> {
  const { bin } = await compile(board, {
    sources: [],
    model: [{ path: 'versions.c', contents: readFileSync(source, 'utf8') }],
    defines: [`VERSION=${letter.charCodeAt(0)}`, `FILLER_BYTES=${fillerBytes}`],
  });
  return readFile(bin);
}

export const imageOf = (program: Uint8Array): Uint8Array => loaderImage(board, program);

/** Runs `body` with the board on; its power is cut when `body` ends. */
export async function powered<T>(
  loader: Built,
  flash: string,
  body: (port: string, emulator: ChildProcess) => Promise<T>,
  more: string[] = [],
): Promise<T> {
  const emulation = await emulateLoader(board, loader, flash, more);
  try {
    return await body(emulation.port, emulation.process);
  } finally {
    await emulation.stop();
  }
}

export async function opened<T>(path: string, body: (port: Port) => Promise<T>): Promise<T> {
  const port = await openPort(path, { baud: BAUD });
  try {
    return await body(port);
  } finally {
    await port.close();
  }
}

/** The letter of the program that runs, once it does. */
export async function versionOf(port: Port): Promise<string> {
  for (let tries = 0; tries < 100; tries++) {
    await port.write(Buffer.from('?'));
    const [letter] = await port.readSome(100);
    if (letter !== undefined) {
      await port.drain(100);
      return String.fromCharCode(letter);
    }
  }
  throw new Error('no program answers');
}

export const newFlash = async (): Promise<string> => join(await temporaryFolder(), 'flash.bin');
