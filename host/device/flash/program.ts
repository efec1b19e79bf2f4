import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { type Board, memoryOf } from '../../../firmware-gen/boards/index.js';
import { SpikeletError } from '../../../models/index.js';
import { isFolder, readBytes } from '../../system/files.js';

/** A compiled program: a project's folder after `make`, or one file. */
export type Program = { path: string; folder: boolean };

export const programAt = async (path: string): Promise<Program> => ({ path, folder: await isFolder(path) });

const present = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** A file in a project's folder, or the named file itself. Throws if the folder does not have it. */
export async function fileOf({ path, folder }: Program, name: string): Promise<string> {
  const file = folder ? join(path, name) : path;
  if (folder && !(await present(file)))
    throw new SpikeletError(`there is no ${name} in ${path}`, {
      hint: `run 'make' in the folder that 'spikelet build --target firmware' wrote`,
    });
  return file;
}

/** The program's bytes as in memory. */
export async function binaryOf(program: Program): Promise<Uint8Array> {
  const path = await fileOf(program, 'firmware.bin');
  const bytes = await readBytes(path);
  if (!bytes.length) throw new SpikeletError(`${path} is empty`, { hint: 'compile the program again' });
  if (bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46)
    throw new SpikeletError(`${path} is an ELF file`, { hint: 'give firmware.bin, or the folder' });
  return bytes;
}

/** Weights that are stored apart from the code, with their address; empty if the project has none. */
export async function weightsOf(board: Board, { path, folder }: Program) {
  const file = join(path, 'weights.bin');
  const [memory] = board.weights;
  if (!folder || !memory || !(await present(file))) return [];
  return [{ path: file, address: memoryOf(board, memory).origin }];
}

/** Throws if a program is larger than the memory for it. */
export function requireRoom(board: Board, bytes: number): void {
  const code = memoryOf(board, board.code);
  if (bytes > code.bytes)
    throw new SpikeletError(`the program has ${bytes} B, but ${board.name} has only ${code.bytes} B for it`, {
      hint: "'spikelet boards GRAPH' lists the boards and --bits that fit",
    });
}
