/** Cores that firmware is compiled for; each has its compiler in firmware-gen/toolchain.ts. */
export type Core = 'cortex-m0' | 'cortex-m0plus' | 'cortex-m4' | 'cortex-m7' | 'rv32imac' | 'xtensa-lx7';

/** A range of addresses. `flash` keeps programs and constants, `ram` the rest. */
export type Memory = { name: string; kind: 'flash' | 'ram'; origin: number; bytes: number };

/** What starts the board without hardware. */
export type Emulator =
  | {
      kind: 'qemu';
      program: 'qemu-system-arm' | 'qemu-system-riscv32';
      machine: string;
      /** Further arguments, `-bios none` say. */
      arguments: string[];
      /** Arguments with which virtual time counts instructions. */
      counting: string[];
    }
  | {
      kind: 'rp2040js';
      /** Where the vector table lies, which the boot ROM would find. */
      vectors: number;
    };

/** How programs get onto a board: a protocol of host/device/flash/, with its numbers. `enter`: what a person does first. */
export type Flashing =
  /** ST's serial bootloader: the flash's address, the device's number, its sectors as [count, bytes]. */
  | {
      protocol: 'an3155';
      base: number;
      device: number;
      sectors: [count: number, bytes: number][];
      enter: string;
    }
  /** A file copied to a drive: the family's number, the drive's name as INFO_UF2.TXT has it. */
  | { protocol: 'uf2'; family: number; drive: string; enter: string }
  /** Espressif's ROM loader: the chip's name as esptool has it, the address of a program without a table. */
  | { protocol: 'esp'; chip: string; offset: number; enter: string }
  /** The emulator takes the program at its start. */
  | { protocol: 'qemu' };

/** A board is data: one file each in this folder, listed by index.ts. */
export type Board = {
  name: string;
  /** What it is, in a line for people. */
  title: string;
  core: Core;
  memories: Memory[];
  /** Names of memories: where programs and constants go, where data and stack go. */
  code: string;
  ram: string;
  /** Memories for weights that do not fit beside the code, first choice first. */
  weights: string[];
  /** Bytes kept for the stack of the shell, interrupts and the model. */
  stackBytes: number;
  /** What firmware may program: a memory (default the code's), the sector that one erase takes, the unit of a write. */
  flash: { memory?: string; sectorBytes: number; unitBytes: number };
  clockHz: number;
  serial: { base: number; irq: number; baud: number };
  /** What platform_ticks() counts: `count = ticks * count / ticks` of what `means` says. */
  counter: {
    ticksPerSecond: number;
    means: 'instructions' | 'cycles' | 'microseconds';
    count: number;
    ticks: number;
  };
  /** Further numbers that the family's source reads, by macro name. */
  registers: Record<string, number>;
  /** The family's sources under shell/platform/. */
  sources: string[];
  emulator?: Emulator;
  /** Absent where only the vendor's own tool flashes it. */
  flashing?: Flashing;
  /** Set where spikelet's own loader keeps programs in two slots: the board and its memory that the loader uses. */
  loader?: { board: string; memory: string };
  /** Set where the firmware only builds so far. */
  untried?: 'not yet run on hardware';
};

/** The memory of this name. Throws where the board's data names one that it does not have. */
export function memoryOf(board: Board, name: string): Memory {
  const memory = board.memories.find((candidate) => candidate.name === name);
  if (!memory) throw new Error(`board ${board.name} has no memory ${name}`);
  return memory;
}
