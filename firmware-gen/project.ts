import { type OutputFile, SpikeletError } from '../models/index.js';
import type { Board } from './boards/index.js';
import { boardHeader } from './header.js';
import { inLibrary, modelLibrary } from './library.js';
import { linkerScript, type Place } from './linker.js';
import { makefile } from './makefile.js';
import { toolchainOf } from './toolchain.js';

/** What a project is made of beside its board. */
export type Program = {
  /** Everything under firmware-gen/shell/, paths below it. */
  shell: OutputFile[];
  /** Sources of the shell that this program takes beside the board's own, `main.c` say. */
  sources: string[];
  /** Files of the model (or any others), which become the library spikelet/src/. */
  model?: OutputFile[];
  /** Version of the library. */
  version?: string;
  place?: Place;
  /** Macros for the compiler, `SPIKELET_TRACE` say. */
  defines?: string[];
};

/**
 * Prints a complete project for a board: `make` in it writes firmware.elf, firmware.bin and firmware.map. For a board
 * that its vendor's system builds, the model's library alone.
 */
export function firmwareProject(board: Board, program: Program): OutputFile[] {
  const { shell, model = [], version = '0.0.0', place, defines = [] } = program;
  const sources = [
    'platform/memory.c',
    'platform/receive.c',
    'platform/spare.c',
    ...board.sources.map((name) => `platform/${name}`),
    ...program.sources,
  ];
  const take = (path: string): OutputFile => {
    const file = shell.find((candidate) => candidate.path === path);
    if (!file) throw new SpikeletError(`the shell has no file ${path}`);
    return file;
  };
  const headers = shell.filter(({ path }) => path.endsWith('.h'));
  const compiled = [
    ...sources.map((path) => `shell/${path}`),
    ...model.map(({ path }) => inLibrary(path)).filter((path) => /\.[cS]$/.test(path)),
  ];
  if (!toolchainOf(board)) return modelLibrary(model, version);
  return [
    { path: 'Makefile', contents: makefile(board, compiled, { defines, weights: place?.weights }) },
    { path: 'linker.ld', contents: linkerScript(board, place) },
    { path: 'shell/board.h', contents: boardHeader(board) },
    ...[...headers, ...sources.map(take)].map(({ path, contents }) => ({ path: `shell/${path}`, contents })),
    ...modelLibrary(model, version),
  ];
}
