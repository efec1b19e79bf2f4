import { runningSlot, slotsIn } from '../slots.js';
import { type Board, memoryOf } from './board.js';
import { mps2An386 } from './mps2-an386.js';

const { emulator: _without, ...board } = mps2An386;
const memory = memoryOf(mps2An386, 'psram');
const slots = slotsIn(memory, board.flash.sectorBytes);
const PAGE_BYTES = 128 << 10;

/** The MPS2 with spikelet's loader in its program memory; the loader keeps two programs in the PSRAM. */
export const mps2An386Loader: Board = {
  ...board,
  name: 'mps2-an386-loader',
  title: "Arm MPS2 AN386 with spikelet's loader (QEMU)",
  memories: [runningSlot(slots), memoryOf(mps2An386, 'ssram23')],
  code: 'slot',
  weights: [],
  // The loader presents its slot as the flash of an STM32H743: shell/an3155.h.
  flashing: {
    protocol: 'an3155',
    base: 0x08000000,
    device: 0x450,
    sectors: [[Math.floor(slots.bytes / PAGE_BYTES), PAGE_BYTES]],
    enter: 'reset the board',
  },
  flash: { sectorBytes: 4096, unitBytes: 1 },
  loader: { board: mps2An386.name, memory: memory.name },
};
