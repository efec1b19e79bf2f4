/** Cores that firmware is compiled for; firmware-gen/toolchain.ts has the compiler of each. */
export type Core = 'cortex-m0' | 'cortex-m0plus' | 'cortex-m4' | 'cortex-m7' | 'rv32imac' | 'xtensa-lx7';

/** A range of addresses. `flash` keeps programs and constants, `ram` the rest. */
export type MemoryRegion = { name: string; kind: 'flash' | 'ram'; origin: number; bytes: number };

/** Emulator that runs the board without hardware. */
export type Emulator =
  | {
      kind: 'qemu';
      program: 'qemu-system-arm' | 'qemu-system-riscv32';
      machine: string;
      /** More arguments, such as `-bios none`. */
      arguments: string[];
      /** Arguments that make virtual time count instructions. */
      counting: string[];
    }
  | {
      kind: 'rp2040js';
      /** Address of the vector table, which the boot ROM would find. */
      vectors: number;
    };

/**
 * How programs get onto a board: a protocol of host/device/flash/ and its parameters. `enter`: what the user
 * must do first.
 */
export type Flashing =
  /** ST's serial bootloader: the flash address, the device id, and the sectors as [count, bytes]. */
  | {
      protocol: 'an3155';
      base: number;
      device: number;
      sectors: [count: number, bytes: number][];
      enter: string;
    }
  /** A file copied to a drive: the family id, and the drive's name in INFO_UF2.TXT. */
  | { protocol: 'uf2'; family: number; drive: string; enter: string }
  /** Espressif's ROM loader: the chip's name in esptool, and the address for a program without a table. */
  | { protocol: 'esp'; chip: string; offset: number; enter: string }
  /** The emulator loads the program when it starts. */
  | { protocol: 'qemu' };

/** A board is data: one file per board in this folder, listed by index.ts. */
export type Board = {
  name: string;
  /** A one-line description. */
  title: string;
  core: Core;
  memories: MemoryRegion[];
  /** Names of the memories for programs and constants, and for data and stack. */
  code: string;
  ram: string;
  /** Memories for weights that do not fit next to the code, in order of preference. */
  weights: string[];
  /** Bytes reserved for the stack of the shell, interrupts and the model. */
  stackBytes: number;
  /** Memory that firmware may program (default: the code's), its erase sector and its write unit. */
  flash: { memory?: string; sectorBytes: number; unitBytes: number };
  clockHz: number;
  serial: { base: number; irq: number; baud: number };
  /** What platform_ticks() counts: `ticks` ticks are `count` of `means`. */
  counter: {
    ticksPerSecond: number;
    means: 'instructions' | 'cycles' | 'microseconds';
    count: number;
    ticks: number;
  };
  /** More numbers for the family's source, by macro name. */
  registers: Record<string, number>;
  /** The family's sources under shell/platform/. */
  sources: string[];
  emulator?: Emulator;
  /** Absent if only the vendor's tool can flash it. */
  flashing?: Flashing;
  /**
   * Set if spikelet's own loader keeps programs in two slots: the loader's board, and the memory that it
   * uses.
   */
  loader?: { board: string; memory: string };
  /** Set if the firmware has only been built so far. */
  untried?: 'not yet run on hardware';
};

/** The memory of this name. Throws if the board's data refers to a memory that it does not have. */
export function memoryOf(board: Board, name: string): MemoryRegion {
  const memory = board.memories.find((candidate) => candidate.name === name);
  if (!memory) throw new Error(`board ${board.name} has no memory ${name}`);
  return memory;
}
