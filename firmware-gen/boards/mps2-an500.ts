import type { Board } from './board.js';
import { mps2An386 } from './mps2-an386.js';

/**
 * Arm MPS2 with the Cortex-M7 image AN500, as QEMU emulates it: AN386 with another core and another PSRAM
 * address.
 */
export const mps2An500: Board = {
  ...mps2An386,
  name: 'mps2-an500',
  title: 'Arm MPS2 AN500, Cortex-M7 25 MHz (QEMU)',
  core: 'cortex-m7',
  memories: mps2An386.memories.map((memory) =>
    memory.name === 'psram' ? { ...memory, origin: 0x60000000 } : memory,
  ),
  emulator: {
    kind: 'qemu',
    program: 'qemu-system-arm',
    machine: 'mps2-an500',
    arguments: [],
    counting: ['-icount', 'shift=6'],
  },
};
