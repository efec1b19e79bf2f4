import type { Board } from './board.js';

/** Arm MPS2 with the Cortex-M4 image AN386, as QEMU emulates it. Its program memory is SRAM. */
export const mps2An386: Board = {
  name: 'mps2-an386',
  title: 'Arm MPS2 AN386, Cortex-M4 25 MHz (QEMU)',
  core: 'cortex-m4',
  memories: [
    { name: 'ssram1', kind: 'flash', origin: 0x00000000, bytes: 4 << 20 },
    { name: 'ssram23', kind: 'ram', origin: 0x20000000, bytes: 4 << 20 },
    { name: 'psram', kind: 'flash', origin: 0x21000000, bytes: 16 << 20 },
  ],
  code: 'ssram1',
  ram: 'ssram23',
  weights: ['psram'],
  stackBytes: 8192,
  flash: { memory: 'psram', sectorBytes: 4096, unitBytes: 1 },
  flashing: { protocol: 'qemu' },
  clockHz: 25_000_000,
  serial: { base: 0x40004000, irq: 0, baud: 115200 },
  // One instruction is 64 ns of QEMU's virtual time under -icount shift=6, one tick 40 ns.
  counter: { ticksPerSecond: 25_000_000, means: 'instructions', count: 40, ticks: 64 },
  registers: { PLATFORM_TIMER_BASE: 0x40000000 },
  sources: ['cortex-m.c', 'cmsdk.c', 'flash-memory.c'],
  emulator: {
    kind: 'qemu',
    program: 'qemu-system-arm',
    machine: 'mps2-an386',
    arguments: [],
    counting: ['-icount', 'shift=6'],
  },
};
