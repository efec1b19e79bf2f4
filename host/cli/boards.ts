import { type Board, boards } from '../../firmware-gen/boards/index.js';
import { type Board as FpgaBoard, fpgaBoards } from '../../fpga/boards/index.js';
import { usageError } from './verb.js';

/** A board that runs firmware, or an FPGA. */
export type AnyBoard = { firmware: Board; fpga?: never } | { fpga: FpgaBoard; firmware?: never };

/** The board of this name, of whichever kind. Throws a SpikeletError with the names there are. */
export function anyBoardOf(name: string): AnyBoard {
  const named = (board: { name: string }) => board.name === name;
  const firmware = boards.find(named);
  if (firmware) return { firmware };
  const fpga = fpgaBoards.find(named);
  if (fpga) return { fpga };
  const list = (all: { name: string }[]) => all.map((board) => board.name).join(', ');
  throw usageError(`there is no board '${name}'`, `boards: ${list(boards)}; FPGAs: ${list(fpgaBoards)}`);
}
