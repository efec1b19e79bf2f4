import { type Board, boards } from '../../firmware-gen/boards/index.js';
import { toolchainOf } from '../../firmware-gen/toolchain.js';
import { SpikeletError } from '../../models/index.js';
import { npmInstall } from '../system/version.js';
import { versionOfTool } from './tools.js';

/**
 * A program or package, besides Node, that firmware needs. `install` is the command for Debian and Ubuntu.
 */
export type Tool = { name: string; install: string; find: () => Promise<string | undefined> };

const program = (name: string, install: string): Tool => ({ name, install, find: () => versionOfTool(name) });

const make = program('make', 'apt-get install make');
const socat: Tool = {
  ...program('socat', 'apt-get install socat'),
  find: () => versionOfTool('socat', '-V'),
};
const rp2040js: Tool = {
  name: 'rp2040js',
  install: npmInstall('rp2040js'),
  find: () =>
    import('rp2040js').then(
      () => 'rp2040js',
      () => undefined,
    ),
};

const qemuPackage = {
  'qemu-system-arm': 'qemu-system-arm',
  'qemu-system-riscv32': 'qemu-system-misc',
} as const;

/** What compiles firmware for a board; empty if its vendor's build system does. */
export function compileTools(board: Board): Tool[] {
  const toolchain = toolchainOf(board);
  return toolchain ? [program(`${toolchain.prefix}gcc`, toolchain.install), make] : [];
}

/** What runs a board without hardware; empty if it has no emulator. */
export function emulateTools({ emulator }: Board): Tool[] {
  switch (emulator?.kind) {
    case 'qemu':
      return [program(emulator.program, `apt-get install ${qemuPackage[emulator.program]}`)];
    case 'rp2040js':
      return [rp2040js, socat];
    case undefined:
      return [];
  }
}

/** Every tool once, with the boards that need it. */
export function toolsOfBoards(): { tool: Tool; boards: string[]; emulates: boolean }[] {
  const found = new Map<string, { tool: Tool; boards: string[]; emulates: boolean }>();
  for (const [tools, emulates] of [[compileTools, false] as const, [emulateTools, true] as const])
    for (const board of boards)
      for (const tool of tools(board)) {
        const entry = found.get(tool.name) ?? { tool, boards: [], emulates };
        entry.boards.push(board.name);
        found.set(tool.name, entry);
      }
  return [...found.values()];
}

/** The tools that are not installed. */
export async function missing(tools: Tool[]): Promise<Tool[]> {
  const versions = await Promise.all(tools.map(({ find }) => find()));
  return tools.filter((_, i) => versions[i] === undefined);
}

/** Throws a SpikeletError with the install command of the first missing tool. */
export async function requireTools(tools: Tool[], purpose: string): Promise<void> {
  const [first] = await missing(tools);
  if (first)
    throw new SpikeletError(`${first.name} is not installed, and ${purpose} needs it`, {
      hint: first.install,
    });
}
