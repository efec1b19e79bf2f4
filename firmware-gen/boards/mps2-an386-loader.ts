import { runningSlot, slotsIn } from '../slots.js';
import { type Board, memoryOf } from './board.js';
import { mps2An386 } from './mps2-an386.js';

const { emulator: _without, ...board } = mps2An386;
const memory = memoryOf(mps2An386, 'psram');

/** The MPS2 with spikelet's loader in its program memory, which keeps two programs in the PSRAM. */
export const mps2An386Loader: Board = {
  ...board,
  name: 'mps2-an386-loader',
  title: "Arm MPS2 AN386 with spikelet's loader (QEMU)",
  memories: [runningSlot(slotsIn(memory, board.flash.sectorBytes)), memoryOf(mps2An386, 'ssram23')],
  code: 'slot',
  weights: [],
  flash: { sectorBytes: 4096, unitBytes: 1 },
  loader: { board: mps2An386.name, memory: memory.name },
};
