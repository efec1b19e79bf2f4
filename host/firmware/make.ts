import { join } from 'node:path';
import type { Board } from '../../firmware-gen/boards/index.js';
import { compileTools, requireTools } from './board-tools.js';
import { runTool } from './tools.js';

/** What `make` wrote. */
export type Built = { elf: string; bin: string; map: string };

/**
 * Compiles the project in a folder. Throws a SpikeletError with what the compiler said, or with the install line of
 * what is missing.
 */
export async function makeProject(board: Board, folder: string): Promise<Built> {
  const tools = compileTools(board);
  await requireTools(tools, `firmware for ${board.name}`);
  await runTool('make', ['-s', '-j2'], { folder, install: 'apt-get install make' });
  const file = (name: string) => join(folder, name);
  return { elf: file('firmware.elf'), bin: file('firmware.bin'), map: file('firmware.map') };
}
