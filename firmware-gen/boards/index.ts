import { SpikeletError } from '../../models/error.js';
import type { Board } from './board.js';
import { esp32s3 } from './esp32-s3.js';
import { microbit } from './microbit.js';
import { mps2An386 } from './mps2-an386.js';
import { mps2An386Loader } from './mps2-an386-loader.js';
import { mps2An500 } from './mps2-an500.js';
import { netduinoplus2 } from './netduinoplus2.js';
import { nrf52840dk } from './nrf52840dk.js';
import { nucleoF446re } from './nucleo-f446re.js';
import { nucleoH743zi } from './nucleo-h743zi.js';
import { rp2040 } from './rp2040.js';
import { rv32Virt } from './rv32-virt.js';

export type { Board, Core, Emulator, Flashing, MemoryRegion } from './board.js';
export { memoryOf } from './board.js';

/** Every board, in display order. */
export const boards: Board[] = [
  mps2An386,
  mps2An386Loader,
  mps2An500,
  rv32Virt,
  rp2040,
  netduinoplus2,
  microbit,
  nucleoF446re,
  nucleoH743zi,
  nrf52840dk,
  esp32s3,
];

/** The board of this name. Throws a SpikeletError that lists the known names. */
export function boardOf(name: string): Board {
  const board = boards.find((candidate) => candidate.name === name);
  if (!board)
    throw new SpikeletError(`there is no board '${name}'`, {
      hint: `boards: ${boards.map(({ name: known }) => known).join(', ')}`,
      code: 2,
    });
  return board;
}
