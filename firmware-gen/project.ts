import { type OutputFile, SpikeletError } from '../models/index.js';
import type { Board } from './boards/index.js';
import { boardHeader } from './header.js';
import { inLibrary, modelLibrary } from './library.js';
import { linkerScript, type Place } from './linker.js';
import { makefile } from './makefile.js';
import { DEFAULT_PREFIX, withPrefix } from './prefix.js';
import { toolchainOf } from './toolchain.js';

/** The parts of a project, besides its board. */
export type ProjectParts = {
  /** All files under firmware-gen/shell/, with paths below it. */
  shell: OutputFile[];
  /** Sources of the shell for this program, such as `main.c`, besides the board's. */
  sources: string[];
  /**
   * Files of the model (or any others), which become the library PREFIX/src/; printed for the same prefix.
   */
  model?: OutputFile[];
  prefix?: string;
  /** Name of the model. */
  name?: string;
  /** Version of the library. */
  version?: string;
  place?: Place;
  /** Macros for the compiler, such as `SPIKELET_TRACE`; another prefix replaces their first word. */
  defines?: string[];
};

/**
 * Prints a complete project for a board: `make` in it writes firmware.elf, firmware.bin and firmware.map. For
 * a board that is built with its vendor's system, only the model's library.
 */
export function firmwareProject(board: Board, program: ProjectParts): OutputFile[] {
  const { shell, model = [], prefix = DEFAULT_PREFIX, place } = program;
  const defines = (program.defines ?? []).map((name) => withPrefix(name, prefix));
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
    ...model.map(({ path }) => inLibrary(path, prefix)).filter((path) => /\.[cS]$/.test(path)),
  ];
  const { version = '0.0.0', name = prefix } = program;
  const library = modelLibrary(model, { prefix, version, name });
  if (!toolchainOf(board)) return library;
  return [
    { path: 'Makefile', contents: makefile(board, compiled, { prefix, defines, weights: place?.weights }) },
    { path: 'linker.ld', contents: linkerScript(board, place) },
    { path: 'shell/board.h', contents: boardHeader(board) },
    ...[...headers, ...sources.map(take)].map(({ path, contents }) => ({
      path: `shell/${path}`,
      contents: withPrefix(String(contents), prefix),
    })),
    ...library,
  ];
}
