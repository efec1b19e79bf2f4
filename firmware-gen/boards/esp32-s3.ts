import type { Board } from './board.js';

/**
 * ESP32-S3 with 8 MB of flash: the model as a component of ESP-IDF, which brings startup, memory map and
 * compiler. `code` and `ram` are the parts of the flash and the internal RAM in its address space; the system
 * takes its share.
 */
export const esp32s3: Board = {
  name: 'esp32-s3',
  title: 'Espressif ESP32-S3, Xtensa LX7 240 MHz (a component of ESP-IDF)',
  core: 'xtensa-lx7',
  memories: [
    { name: 'flash', kind: 'flash', origin: 0x3c000000, bytes: 8 << 20 },
    { name: 'sram', kind: 'ram', origin: 0x3fc88000, bytes: 345_856 },
  ],
  code: 'flash',
  ram: 'sram',
  weights: [],
  stackBytes: 4096,
  flash: { sectorBytes: 4096, unitBytes: 4 },
  flashing: { protocol: 'esp', chip: 'ESP32-S3', offset: 0x10000, enter: 'hold BOOT and reset the board' },
  clockHz: 240_000_000,
  serial: { base: 0x60000000, irq: 0, baud: 115200 },
  counter: { ticksPerSecond: 1_000_000, means: 'microseconds', count: 1, ticks: 1 },
  registers: {},
  sources: [],
  untried: 'not yet run on hardware',
};
