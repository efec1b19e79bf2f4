import type { Board } from './board.js';

/** QEMU's 32-bit RISC-V machine `virt` without a BIOS. All its memory is RAM, split into regions here. */
export const rv32Virt: Board = {
  name: 'rv32-virt',
  title: 'RISC-V virt, RV32IMAC (QEMU)',
  core: 'rv32imac',
  memories: [
    { name: 'program', kind: 'flash', origin: 0x80000000, bytes: 4 << 20 },
    { name: 'ram', kind: 'ram', origin: 0x80400000, bytes: 4 << 20 },
    { name: 'constants', kind: 'flash', origin: 0x81000000, bytes: 16 << 20 },
  ],
  code: 'program',
  ram: 'ram',
  weights: ['constants'],
  stackBytes: 8192,
  flash: { sectorBytes: 4096, unitBytes: 1 },
  flashing: { protocol: 'qemu' },
  clockHz: 3_686_400,
  serial: { base: 0x10000000, irq: 10, baud: 115200 },
  // minstret, exact under -icount shift=0: one instruction is 1 ns of QEMU's virtual time.
  counter: { ticksPerSecond: 1_000_000_000, means: 'instructions', count: 1, ticks: 1 },
  registers: { PLATFORM_PLIC_BASE: 0x0c000000, PLATFORM_RESET_BASE: 0x00100000 },
  sources: ['riscv-virt.c', 'flash-memory.c'],
  emulator: {
    kind: 'qemu',
    program: 'qemu-system-riscv32',
    machine: 'virt',
    arguments: ['-bios', 'none', '-m', '32M'],
    counting: ['-icount', 'shift=0'],
  },
};
