import type { Board } from '../../firmware-gen/boards/index.js';
import { boards } from '../../firmware-gen/boards/index.js';
import type { Board as FpgaBoard } from '../../fpga/boards/index.js';
import { fpgaBoards } from '../../fpga/boards/index.js';
import type { OutputFile } from '../../models/index.js';
import type { FlashResult } from '../device/flash/index.js';
import { bitstreamAt, programBoard } from '../eda/bitstream.js';
import { usageError } from '../system/usage.js';

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

export type FlashOptions = {
  /** A name of `boards` or `fpgaBoards`. */
  board: string;
  /** Serial port, or drive of a UF2 board; guessed where only one fits. */
  port?: string | undefined;
  onProgress?: ((done: number, total: number) => void) | undefined;
  note?: ((line: string) => void) | undefined;
};

/** What was written where. An emulated board runs until `stop()`; `programmer`: the program that wrote a bitstream. */
export type Flashed = { board: string; bytes: number } & (FlashResult | { programmer: string });

/**
 * Writes a program to a board, compares it where the board can be read, and starts it; a bitstream to an FPGA.
 * @param program A folder that `buildTo` wrote and compiled, or its firmware.bin or bitstream.
 * @throws SpikeletError: code 2 where there is no such board, 3 where it is missing or silent, 4 where it holds something else.
 */
export async function flash(
  program: string,
  { board: name, port, onProgress = () => undefined, note = () => undefined }: FlashOptions,
): Promise<Flashed> {
  const { fpga, firmware: board } = anyBoardOf(name);
  if (fpga) {
    if (port !== undefined)
      throw usageError(
        `${name} is flashed over USB`,
        'omit --port; its serial port is for profile and verify',
      );
    const { path, bytes } = await bitstreamAt(program, fpga);
    await programBoard(fpga.programmer!, path, note);
    return { board: name, bytes: bytes.length, programmer: fpga.programmer!.program };
  }
  const device = await import('../device/flash/index.js');
  const given = { board, program: await device.programAt(program), port, progress: onProgress, note };
  return { board: name, ...(await device.flash(given)) };
}

/**
 * The file that other programs flash to a board: .img, .uf2 or the bitstream.
 * @throws SpikeletError where the program is missing, or not one for the board.
 */
export async function flashFile(program: string, name: string): Promise<OutputFile> {
  const { fpga, firmware: board } = anyBoardOf(name);
  if (fpga) {
    const { path, bytes } = await bitstreamAt(program, fpga);
    return { path, contents: bytes };
  }
  const device = await import('../device/flash/index.js');
  return device.flashFile(board, await device.programAt(program));
}
