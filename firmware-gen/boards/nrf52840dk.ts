import type { Board } from './board.js';

/** Nordic nRF52840 DK. The serial port is UART0 on P0.06 and P0.08, which its J-Link shows as a USB port. */
export const nrf52840dk: Board = {
  name: 'nrf52840dk',
  title: 'Nordic nRF52840 DK, Cortex-M4 64 MHz',
  core: 'cortex-m4',
  memories: [
    { name: 'flash', kind: 'flash', origin: 0x00000000, bytes: 1 << 20 },
    { name: 'sram', kind: 'ram', origin: 0x20000000, bytes: 256 << 10 },
  ],
  code: 'flash',
  ram: 'sram',
  weights: [],
  stackBytes: 4096,
  flash: { sectorBytes: 4096, unitBytes: 4 },
  clockHz: 64_000_000,
  serial: { base: 0x40002000, irq: 2, baud: 115200 },
  counter: { ticksPerSecond: 64_000_000, means: 'cycles', count: 1, ticks: 1 },
  registers: { PLATFORM_TIMER_BASE: 0, PLATFORM_CRYSTAL: 1, PLATFORM_TX_PIN: 6, PLATFORM_RX_PIN: 8 },
  sources: ['cortex-m.c', 'cycles.c', 'nrf.c', 'flash-none.c'],
  untried: 'not yet run on hardware',
};
