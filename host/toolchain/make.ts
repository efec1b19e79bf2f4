import { join } from 'node:path';
import { type Board, memoryOf } from '../../firmware-gen/boards/index.js';
import { compileTools, requireTools } from './board-tools.js';
import { runTool } from './tools.js';

/** Paths of what `make` wrote. */
export type Built = {
  elf: string;
  bin: string;
  map: string;
  /** Files for memories other than the program's: weights that are stored apart from the code. */
  files: { path: string; address: number }[];
};

/** Files that `make` adds to a project. */
export const products = ['firmware.elf', 'firmware.bin', 'firmware.map', 'weights.bin'];

/**
 * Compiles the project in a folder, with its weights in the memory `weightsIn`. Throws a SpikeletError with
 * the compiler's output, or with the install command of a missing tool.
 */
export async function makeProject(board: Board, folder: string, weightsIn = board.code): Promise<Built> {
  const tools = compileTools(board);
  await requireTools(tools, `firmware for ${board.name}`);
  await runTool('make', ['-s', '-j2'], { folder, install: 'apt-get install make' });
  const file = (name: string) => join(folder, name);
  const apart = weightsIn !== board.code;
  return {
    elf: file('firmware.elf'),
    bin: file('firmware.bin'),
    map: file('firmware.map'),
    files: apart ? [{ path: file('weights.bin'), address: memoryOf(board, weightsIn).origin }] : [],
  };
}
