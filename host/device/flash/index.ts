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

/** Every protocol, by the name that boards call it. */
const protocols: { [P in Flashing['protocol']]: FlashProtocol<FlashingBy<P>> } = {
  an3155: createAn3155(),
  uf2,
  esp,
  qemu,
};

const protocolOf = (flashing: Flashing) => protocols[flashing.protocol] as FlashProtocol<Flashing>;

/** How a board is flashed. Throws where only its vendor's tool can. */
function flashingOf(board: Board): Flashing {
  if (board.flashing) return board.flashing;
  throw new SpikeletError(`${board.name} is flashed by its vendor's own tool`, {
    hint: 'give it firmware.elf or firmware.bin',
  });
}

/** Writes a program to a board and starts it. Throws a SpikeletError: 3 device missing or silent, 4 it differs. */
export function flash(request: Omit<FlashRequest, 'flashing'>): Promise<FlashResult> {
  const flashing = flashingOf(request.board);
  return protocolOf(flashing).flash({ ...request, flashing });
}

/** The file that other programs flash. */
export async function flashFile(board: Board, program: Program): Promise<OutputFile> {
  const flashing = flashingOf(board);
  const binary = await binaryOf(program);
  const made = protocolOf(flashing).file?.(board, flashing, binary) ?? { ending: 'bin', contents: binary };
  return { path: `firmware.${made.ending}`, contents: made.contents };
}
