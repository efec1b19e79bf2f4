import { type OutputFile, SpikeletError } from '../models/index.js';
import type { Board } from './boards/index.js';
import { boardHeader } from './header.js';
import { linkerScript, type Place } from './linker.js';
import { makefile } from './makefile.js';

/** What a project is made of beside its board. */
export type Program = {
  /** Everything under firmware-gen/shell/, paths below it. */
  shell: OutputFile[];
  /** Sources of the shell that this program takes beside the board's own, `main.c` say. */
  sources: string[];
  /** Files of the model (or any others), paths below the project's model/. */
  model?: OutputFile[];
  place?: Place;
  /** Macros for the compiler, `SPIKELET_TRACE` say. */
  defines?: string[];
};

/** Prints a complete project for a board: `make` in it writes firmware.elf, firmware.bin and firmware.map. */
export function firmwareProject(board: Board, program: Program): OutputFile[] {
  const { shell, model = [], place, defines = [] } = program;
  const sources = [
    'platform/memory.c',
    ...board.sources.map((name) => `platform/${name}`),
    ...program.sources,
  ];
  const take = (path: string): OutputFile => {
    const file = shell.find((candidate) => candidate.path === path);
    if (!file) throw new SpikeletError(`the shell has no file ${path}`);
    return file;
  };
  const headers = shell.filter(({ path }) => path.endsWith('.h'));
  const modelFiles = model.map(({ path, contents }) => ({ path: `model/${path}`, contents }));
  const compiled = [
    ...sources.map((path) => `shell/${path}`),
    ...modelFiles.map(({ path }) => path).filter((path) => path.endsWith('.c')),
  ];
  return [
    { path: 'Makefile', contents: makefile(board, compiled, defines) },
    { path: 'linker.ld', contents: linkerScript(board, place) },
    { path: 'shell/board.h', contents: boardHeader(board) },
    ...[...headers, ...sources.map(take)].map(({ path, contents }) => ({ path: `shell/${path}`, contents })),
    ...modelFiles,
  ];
}
