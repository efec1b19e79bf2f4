import type { Board } from './board.js';

/**
 * BBC micro:bit as QEMU emulates it: an nRF51 with little memory. QEMU has no crystal oscillator to wait for.
 */
export const microbit: Board = {
  name: 'microbit',
  title: 'BBC micro:bit, nRF51822, Cortex-M0 16 MHz (QEMU)',
  core: 'cortex-m0',
  memories: [
    { name: 'flash', kind: 'flash', origin: 0x00000000, bytes: 256 << 10 },
    { name: 'sram', kind: 'ram', origin: 0x20000000, bytes: 16 << 10 },
  ],
  code: 'flash',
  ram: 'sram',
  weights: [],
  stackBytes: 2048,
  flash: { sectorBytes: 1024, unitBytes: 4 },
  flashing: { protocol: 'qemu' },
  clockHz: 16_000_000,
  serial: { base: 0x40002000, irq: 2, baud: 115200 },
  // One instruction is 64 ns of QEMU's virtual time under -icount shift=6, one tick 62.5 ns.
  counter: { ticksPerSecond: 16_000_000, means: 'instructions', count: 125, ticks: 128 },
  registers: {
    PLATFORM_TIMER_BASE: 0x40008000,
    PLATFORM_CRYSTAL: 0,
    PLATFORM_TX_PIN: 24,
    PLATFORM_RX_PIN: 25,
  },
  sources: ['cortex-m.c', 'nrf.c', 'flash-none.c'],
  emulator: {
    kind: 'qemu',
    program: 'qemu-system-arm',
    machine: 'microbit',
    arguments: [],
    counting: ['-icount', 'shift=6'],
  },
};
