import { crc32, type OutputFile, SpikeletError } from '../models/index.js';
import { type Board, boardOf, memoryOf } from './boards/index.js';
import { firmwareProject } from './project.js';
import { IMAGE_PROGRAM, type Slots, slotsIn } from './slots.js';

const MAGIC = 0x314b5053;
const HEADER_WORDS = 6;

const sources = ['loader.c', 'an3155.c', 'slots.c', 'crc32.c'];

const nameCrc = ({ name }: Board): number => crc32(new TextEncoder().encode(name));

/** The board that the loader itself is compiled for, and its slots. Throws if the board has no loader. */
export function loaderOf(board: Board): { board: Board; slots: Slots } {
  if (!board.loader)
    throw new SpikeletError(`${board.name} does not use spikelet's loader`, {
      hint: "'spikelet boards' lists the boards that do",
    });
  const bare = boardOf(board.loader.board);
  return { board: bare, slots: slotsIn(memoryOf(bare, board.loader.memory), bare.flash.sectorBytes) };
}

/** Prints the project of a board's loader. `windowMs`: how long it waits for a client after a reset. */
export function loaderProject(board: Board, shell: OutputFile[], windowMs = 1000): OutputFile[] {
  const { board: bare, slots } = loaderOf(board);
  return firmwareProject(bare, { shell, sources, defines: loaderDefines(board, slots, windowMs) });
}

/** The numbers of shell/slots.h. */
export const loaderDefines = (board: Board, slots: Slots, windowMs: number): string[] =>
  Object.entries({
    LOADER_RECORD: slots.record,
    LOADER_RUNNING: slots.running,
    LOADER_INCOMING: slots.incoming,
    LOADER_SLOT_BYTES: slots.bytes,
    LOADER_BOARD: nameCrc(board),
    LOADER_WINDOW_MS: windowMs,
  }).map(([name, value]) => `${name}=${value}u`);

/** The image that the loader takes: a header, then the program, linked for the slot `running`. */
export function loaderImage(board: Board, program: Uint8Array): Uint8Array {
  const { slots } = loaderOf(board);
  const room = slots.bytes - IMAGE_PROGRAM;
  if (!program.length || program.length > room)
    throw new SpikeletError(
      `the program has ${program.length} B, but a slot of ${board.name} holds 1 to ${room} B`,
      {
        hint: 'make a smaller network, or choose another board',
      },
    );
  const image = new Uint8Array(IMAGE_PROGRAM + program.length).fill(0xff, 0, IMAGE_PROGRAM);
  const words = new DataView(image.buffer, 0, 4 * HEADER_WORDS);
  const numbers = [MAGIC, nameCrc(board), slots.running + IMAGE_PROGRAM, program.length, crc32(program)];
  for (const [i, number] of numbers.entries()) words.setUint32(4 * i, number, true);
  words.setUint32(4 * numbers.length, crc32(image.subarray(0, 4 * numbers.length)), true);
  image.set(program, IMAGE_PROGRAM);
  return image;
}
