import type { Board, Core } from './boards/index.js';

/** How C is compiled for a core. */
export type Toolchain = {
  /** Prefix of the compiler's programs. */
  prefix: string;
  flags: string[];
  /** The command that installs it on Debian and Ubuntu. */
  install: string;
};

/**
 * Tuned for a Cortex-M7, GCC groups loads and emits fewer instructions for all cores (measured: 3 % on a
 * Cortex-M4, 1 % on a Cortex-M0+).
 */
const arm = (...flags: string[]): Toolchain => ({
  prefix: 'arm-none-eabi-',
  flags: [...flags, '-mtune=cortex-m7', '-mthumb', '-mfloat-abi=soft'],
  install: 'apt-get install gcc-arm-none-eabi',
});

/** Undefined if the vendor's build system brings its own compiler. */
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
 * Flags in addition to the core's. There is no libc, so loops in memset() must not become calls of memset().
 * Each layer stays a function: inlined into one, their loops get fewer registers (measured: 8 % more
 * instructions on a Cortex-M4, 16 % on a Cortex-M0+). For the same reason addresses are computed where they
 * are used, and no expression before it is needed (4 % and 1 % on a Cortex-M0+), and jumps are not threaded,
 * as that copies blocks (2 % on a Cortex-M4).
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
