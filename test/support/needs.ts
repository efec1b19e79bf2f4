import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Board } from '../../firmware-gen/boards/index.js';
import { linkFlags, type Toolchain, toolchainOf } from '../../firmware-gen/toolchain.js';
import { clang, installed, installLine, nextpnr, type ToolPackage, yosys } from '../../host/eda/packages.js';
import { compileTools, emulateTools } from '../../host/toolchain/board-tools.js';
import { versionOfTool } from '../../host/toolchain/tools.js';
import { shared } from './shared.js';
import { find, type Need } from './skip.js';

/** What tests need beyond Node and npm. */
const program = (name: string, flag = '--version', from = name): Need => ({
  name,
  install: `apt-get install ${from}`,
  find: () => versionOfTool(name, flag),
});

export const socat = program('socat', '-V');
export const stm32flash = program('stm32flash', '-h');
export const iverilog = program('iverilog', '-V');
export const verilator = program('verilator');
export const gxx = program('g++');
export const make = program('make');
export const sox = program('sox');
export const ffmpeg = program('ffmpeg', '-version');
export const lz4 = program('lz4');
export const zstd = program('zstd');

/** A Python that has a module, by its command: Debian's own may have what another does not. */
const python = (module: string): Need => ({
  name: module,
  install: `apt-get install python3-${module}`,
  async find() {
    for (const command of ['python3', '/usr/bin/python3'])
      if (
        await execute(command, ['-c', `import ${module}`]).then(
          () => true,
          () => false,
        )
      )
        return command;
    return false;
  },
});
export const numpy = python('numpy');
export const h5py = python('h5py');

/** What compiles the Verilog of a core to a program. */
export const verilatorBuilds = [verilator, gxx, make];

const packageNeed = (tool: ToolPackage): Need => ({
  name: tool.name,
  install: installLine(tool),
  find: () => installed(tool),
});
/** What simulates Verilog by npm packages alone. */
export const cxxrtl = [packageNeed(yosys), packageNeed(clang)];
/** What makes bitstreams for iCE40. */
export const placement = [packageNeed(yosys), packageNeed(nextpnr)];

/** Reference data in ../shared. */
export const reference = (path: string): Need => ({
  name: `../shared/${path}`,
  install: 'reference data next to the repository, not a part of it',
  find: () => shared(path),
});

/** What takes too long to be run by default. */
export const slow: Need = {
  name: 'more time',
  install: 'SPIKELET_SLOW=1 npm test',
  find: () => process.env['SPIKELET_SLOW'],
};

/** The flags that make a C compiler look for errors while a program runs. */
export const sanitizers = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all'];

const execute = promisify(execFile);

/** What `use` gives of a program compiled from `source`; false where the compiler or the program fails. */
async function compiles(
  compiler: string,
  flags: string[],
  source: string,
  use: (path: string) => unknown = () => true,
): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), 'spikelet-needs-'));
  try {
    await writeFile(join(folder, 'try.c'), source);
    await execute(compiler, ['try.c', ...flags, '-o', 'try'], { cwd: folder });
    return await use(join(folder, 'try'));
  } catch {
    return false;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const HELLO = '#include <stdio.h>\nint main(void) { return puts("hello") < 0; }\n';

/** C for this machine, with headers and sanitizers. */
export const gcc: Need = {
  name: 'gcc',
  install: 'apt-get install gcc libc6-dev',
  find: () => compiles('gcc', sanitizers, HELLO, (path) => execute(path).then(() => true)),
};

/** What starts a 32-bit program: the kernel, or where it has only 64-bit ones, QEMU. */
const starters: string[][] = [[], ['qemu-i386']];

/** C for this machine with pointers of 32 bits, as on boards. Found: what starts its programs. */
export const gcc32 = {
  name: '32-bit C on this machine',
  install: 'apt-get install gcc gcc-multilib qemu-user',
  find: () =>
    compiles('gcc', ['-m32', ...sanitizers], HELLO, async (path) => {
      const env = { ...process.env, ASAN_OPTIONS: 'detect_leaks=0' };
      for (const starter of starters) {
        const [command, ...args] = [...starter, path];
        if (
          await execute(command!, args, { env }).then(
            () => true,
            () => false,
          )
        )
          return starter;
      }
      return false;
    }),
};

/** The starter that `gcc32` found. */
export const starterOf32 = async (): Promise<string[]> => (await find(gcc32)) as string[];

/** A board's C++ compiler, which parses the library as a sketch has it. */
export const gxxFor = ({ prefix, install }: Toolchain): Need => ({
  name: `${prefix}g++`,
  install,
  find: () => versionOfTool(`${prefix}g++`),
});

/** What compiles firmware for a board, and with `emulated` what runs it, where it has an emulator. */
export function boardNeeds(board: Board, emulated = true): Need[] {
  const { prefix, flags, install } = toolchainOf(board) ?? {};
  const links: Need[] =
    prefix && install && flags
      ? [
          {
            name: `${prefix}gcc that links for ${board.core}`,
            install,
            find: () =>
              compiles(
                `${prefix}gcc`,
                [...flags, '-ffreestanding', ...linkFlags, '-lgcc'],
                '#include <stdint.h>\nvoid _start(void) {}\n',
              ),
          },
        ]
      : [];
  // One line for a compiler that is absent, not two.
  const tools = compileTools(board).filter(({ name }) => name !== `${prefix}gcc`);
  return [...links, ...tools, ...(emulated ? emulateTools(board) : [])];
}
