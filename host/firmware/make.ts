import { join } from 'node:path';
import type { Board } from '../../firmware-gen/boards/index.js';
import { toolchainOf } from '../../firmware-gen/toolchain.js';
import { SpikeletError } from '../../models/index.js';
import { runTool, versionOfTool } from './tools.js';

/** What `make` wrote. */
export type Built = { elf: string; bin: string; map: string };

/** Throws a SpikeletError with the install line where the board's compiler or make is missing. */
export async function requireCompiler(board: Board): Promise<void> {
  const toolchain = toolchainOf(board);
  if (!toolchain) return;
  const wanted: [program: string, install: string][] = [
    [`${toolchain.prefix}gcc`, toolchain.install],
    ['make', 'apt-get install make'],
  ];
  for (const [program, install] of wanted)
    if (!(await versionOfTool(program)))
      throw new SpikeletError(
        `${program} is not installed, so firmware for ${board.name} cannot be compiled`,
        {
          hint: install,
        },
      );
}

/** Compiles the project in a folder. Throws a SpikeletError with what the compiler said. */
export async function makeProject(board: Board, folder: string): Promise<Built> {
  await requireCompiler(board);
  await runTool('make', ['-s', '-j2'], { folder, install: 'apt-get install make' });
  const file = (name: string) => join(folder, name);
  return { elf: file('firmware.elf'), bin: file('firmware.bin'), map: file('firmware.map') };
}
