import { closeSync, constants, openSync } from 'node:fs';
import { truncate } from 'node:fs/promises';
import { type Board, memoryOf } from '../../firmware-gen/boards/index.js';
import { loaderOf, loaderProject } from '../../firmware-gen/loader.js';
import { SpikeletError } from '../../models/index.js';
import { isFolder, readBytes, writeFile, writeFiles } from '../system/files.js';
import { type Built, makeProject } from '../toolchain/make.js';
import { readShell } from '../toolchain/shell.js';
import { type Emulation, emulate } from './emulate.js';

/** Compiles a board's loader in a folder. */
export async function buildLoader(board: Board, folder: string, windowMs?: number): Promise<Built> {
  await writeFiles(folder, loaderProject(board, await readShell(), windowMs));
  return makeProject(loaderOf(board).board, folder);
}

/**
 * Starts an emulated board with its loader. The file `flash` is its program memory: the board's writes reach
 * it at once and stay when the emulator is killed, as real flash keeps its contents without power. `more`:
 * more arguments for the emulator.
 */
export async function emulateLoader(
  board: Board,
  loader: Built,
  flash: string,
  more: string[] = [],
): Promise<Emulation> {
  const { board: bare } = loaderOf(board);
  const memory = memoryOf(bare, board.loader!.memory);
  await prepareFlash(flash, memory.bytes);
  const path = flash.replaceAll(',', ',,');
  const emulation = await emulate(bare, {
    program: loader,
    arguments: [
      '-object',
      `memory-backend-file,id=flash,size=${memory.bytes},mem-path=${path},share=on`,
      '-machine',
      'memory-backend=flash',
      ...more,
    ],
  });
  // Held open, because QEMU checks only once a second whether its port was opened; some clients do not wait
  // that long.
  const held = openSync(emulation.port, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
  emulation.process.once('exit', () => closeSync(held));
  return emulation;
}

/** Creates empty flash; an existing file must have this size. */
async function prepareFlash(path: string, bytes: number): Promise<void> {
  if (await isFolder(path)) throw new SpikeletError(`${path} is a folder`, { hint: 'give a file' });
  const found = await readBytes(path).catch(() => undefined);
  if (found?.length === bytes) return;
  if (found?.length)
    throw new SpikeletError(`${path} has ${found.length} B, but the board's flash has ${bytes} B`, {
      hint: 'give another file, or remove this one',
    });
  await writeFile(path, new Uint8Array());
  await truncate(path, bytes);
}
