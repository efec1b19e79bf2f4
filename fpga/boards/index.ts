import { SpikeletError } from '../../models/error.js';
import type { Board } from './board.js';
import { ecp525f } from './ecp5-25f.js';
import { gw1nr9 } from './gw1nr-9.js';
import { hx8kBreakout } from './hx8k-breakout.js';
import { icebreaker } from './icebreaker.js';
import { upduino } from './upduino.js';
import { xc7a35t } from './xc7a35t.js';

export { type Board, commandOf, constraintsOf, type Programmer } from './board.js';

/** Every FPGA board and part, in listing order. */
export const fpgaBoards: Board[] = [icebreaker, upduino, hx8kBreakout, ecp525f, xc7a35t, gw1nr9];

/** Finds a board by name. Throws a SpikeletError that lists the valid names. */
export function fpgaBoardOf(name: string): Board {
  const board = fpgaBoards.find((candidate) => candidate.name === name);
  if (!board)
    throw new SpikeletError(`there is no FPGA board '${name}'`, {
      hint: `FPGA boards: ${fpgaBoards.map(({ name: known }) => known).join(', ')}`,
      code: 2,
    });
  return board;
}
