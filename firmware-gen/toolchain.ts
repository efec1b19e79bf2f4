import type { Board, Core } from './boards/index.js';

/** How C becomes a program for a core. */
export type Toolchain = {
  /** Prefix of the compiler's programs; undefined: built by the vendor's own system. */
  prefix: string;
  flags: string[];
  /** The line that installs it on Debian and Ubuntu. */
  install: string;
};

/**
 * Tuned as for a Cortex-M7, GCC keeps loads together and so takes fewer instructions on all of them (measured: 3 % on a
 * Cortex-M4, 1 % on a Cortex-M0+).
 */
const arm = (...flags: string[]): Toolchain => ({
  prefix: 'arm-none-eabi-',
  flags: [...flags, '-mtune=cortex-m7', '-mthumb', '-mfloat-abi=soft'],
  install: 'apt-get install gcc-arm-none-eabi',
});

/** Where the vendor's build system brings its own compiler there is none. */
const toolchains: Record<Core, Toolchain | undefined> = {
  'cortex-m0': arm('-mcpu=cortex-m0'),
  'cortex-m0plus': arm('-mcpu=cortex-m0plus'),
  'cortex-m4': arm('-mcpu=cortex-m4'),
  'cortex-m7': arm('-mcpu=cortex-m7'),
  rv32imac: {
    prefix: 'riscv64-unknown-elf-',
    flags: ['-march=rv32imac_zicsr_zifencei', '-mabi=ilp32', '-mcmodel=medany', '-msmall-data-limit=0'],
    install: 'apt-get install gcc-riscv64-unknown-elf',
  },
  'xtensa-lx7': undefined,
};

export const toolchainOf = (board: Board): Toolchain | undefined => toolchains[board.core];

/**
 * Beside the core's own flags. There is no libc; loops in memset() must not become calls of memset(). Each layer stays a
 * function: inlined into one, their loops get fewer registers (measured: 8 % more instructions on a Cortex-M4, 16 % on a
 * Cortex-M0+). Addresses are computed where they are used, and no expression ahead of where it is needed, for the same
 * reason (4 % and 1 % on a Cortex-M0+), and jumps are not threaded, which copies blocks (2 % on a Cortex-M4).
 */
export const compileFlags = [
  '-std=c11',
  '-O2',
  '-g',
  '-ffreestanding',
  '-fno-tree-loop-distribute-patterns',
  '-fno-inline-functions-called-once',
  '-fno-move-loop-invariants',
  '-fno-tree-pre',
  '-fno-thread-jumps',
  '-fno-common',
  '-ffunction-sections',
  '-fdata-sections',
  '-Wall',
  '-Wextra',
  '-Werror',
];

export const linkFlags = ['-nostdlib', '-nostartfiles', '-Wl,--gc-sections', '-Wl,--build-id=none'];
