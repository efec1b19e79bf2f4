import type { Board } from './board.js';

/** Raspberry Pi Pico: the first of its two Cortex-M0+ cores. The serial port is UART0 on GP0 and GP1. */
export const rp2040: Board = {
  name: 'rp2040',
  title: 'Raspberry Pi Pico, Cortex-M0+ 125 MHz (rp2040js)',
  core: 'cortex-m0plus',
  memories: [
    { name: 'flash', kind: 'flash', origin: 0x10000000, bytes: 2 << 20 },
    { name: 'sram', kind: 'ram', origin: 0x20000000, bytes: 264 << 10 },
  ],
  code: 'flash',
  ram: 'sram',
  weights: [],
  stackBytes: 8192,
  flash: { sectorBytes: 4096, unitBytes: 256 },
  flashing: {
    protocol: 'uf2',
    family: 0xe48bff56,
    drive: 'RPI-RP2',
    enter: 'hold BOOTSEL while the board is plugged in',
  },
  clockHz: 125_000_000,
  serial: { base: 0x40034000, irq: 20, baud: 115200 },
  counter: { ticksPerSecond: 125_000_000, means: 'cycles', count: 1, ticks: 1 },
  registers: {},
  sources: ['cortex-m.c', 'systick.c', 'rp2040.c', 'rp2040-boot2.c', 'flash-none.c'],
  emulator: { kind: 'rp2040js', vectors: 0x10000100 },
};
