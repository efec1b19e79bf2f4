import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Board } from '../../firmware-gen/boards/index.js';
import { boardHeader } from '../../firmware-gen/header.js';
import { loaderDefines } from '../../firmware-gen/loader.js';
import { slotsIn } from '../../firmware-gen/slots.js';
import { writeFiles } from '../../host/system/files.js';
import { readShell } from '../../host/toolchain/shell.js';
import { runTool } from '../../host/toolchain/tools.js';
import { temporaryFolder } from './firmware-project.js';
import { board } from './loader-board.js';
import { gcc, sanitizers } from './needs.js';

/**
 * Flash of one sector for the record and two slots of two sectors, at an address that is free on the host.
 */
const memory = { name: 'flash', kind: 'flash' as const, origin: 0x21000000, bytes: 5 * 4096 };
const small: Board = {
  ...board,
  memories: [...board.memories, memory],
  flash: { ...board.flash, memory: 'flash' },
};

const source = fileURLToPath(new URL('../../../test/support/c/loader-host.c', import.meta.url));

/**
 * Compiles the loader for this machine, with the checks of the compiler or without; returns the program's
 * path.
 */
export async function compileForHost(checks: boolean): Promise<string> {
  const folder = await temporaryFolder();
  const shell = (await readShell()).map(({ path, contents }) => ({ path: `shell/${path}`, contents }));
  await writeFiles(folder, [...shell, { path: 'shell/board.h', contents: boardHeader(small) }]);
  const defines = loaderDefines(board, slotsIn(memory, small.flash.sectorBytes), 100).map(
    (name) => `-D${name}`,
  );
  const flags = [
    '-std=gnu11',
    '-O2',
    '-g',
    '-Wall',
    '-Wextra',
    '-Werror',
    '-I',
    join(folder, 'shell'),
    ...defines,
  ];
  if (checks) flags.push(...sanitizers);
  const program = join(folder, 'loader-host');
  const loader = ['loader.c', 'an3155.c', 'slots.c', 'crc32.c'].map((name) => join(folder, 'shell', name));
  const main = join(folder, 'loader.o');
  await runTool('gcc', [...flags, '-Dmain=loader_main', '-c', loader[0]!, '-o', main], gcc);
  await runTool('gcc', [...flags, source, main, ...loader.slice(1), '-o', program], gcc);
  return program;
}

/** Runs a mode of test/support/c/loader-host.c; what it prints. Throws where it fails. */
export const runOnHost = (
  program: string,
  mode: 'cuts' | 'bytes',
  number: number,
  seed: number,
): Promise<string> => runTool(program, [mode, String(number), String(seed)], gcc);
