import type { Board, Flashing } from '../../../firmware-gen/boards/index.js';
import { type OutputFile, SpikeletError } from '../../../models/index.js';
import { createAn3155 } from './an3155.js';
import { esp } from './esp.js';
import { binaryOf, type Program } from './program.js';
import type { FlashingBy, FlashProtocol, FlashRequest, FlashResult } from './protocol.js';
import { qemu } from './qemu.js';
import { uf2 } from './uf2.js';

export { programAt } from './program.js';
export type { FlashResult } from './protocol.js';

/** Every protocol, by its name in the boards' data. */
const protocols: { [P in Flashing['protocol']]: FlashProtocol<FlashingBy<P>> } = {
  an3155: createAn3155(),
  uf2,
  esp,
  qemu,
};

const protocolOf = (flashing: Flashing) => protocols[flashing.protocol] as FlashProtocol<Flashing>;

/** How a board is flashed. Throws if only its vendor's tool can flash it. */
function flashingOf(board: Board): Flashing {
  if (board.flashing) return board.flashing;
  throw new SpikeletError(`${board.name} can only be flashed with its vendor's tool`, {
    hint: 'give it firmware.elf or firmware.bin',
  });
}

/**
 * Writes a program to a board and starts it. Throws a SpikeletError with exit code 3 if the device is missing
 * or silent, 4 if the flash differs.
 */
export function flash(request: Omit<FlashRequest, 'flashing'>): Promise<FlashResult> {
  const flashing = flashingOf(request.board);
  return protocolOf(flashing).flash({ ...request, flashing });
}

/** The file for other flashing programs. */
export async function flashFile(board: Board, program: Program): Promise<OutputFile> {
  const flashing = flashingOf(board);
  const binary = await binaryOf(program);
  const made = protocolOf(flashing).file?.(board, flashing, binary) ?? { ending: 'bin', contents: binary };
  return { path: `firmware.${made.ending}`, contents: made.contents };
}
