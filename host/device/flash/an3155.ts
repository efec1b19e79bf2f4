import type { Board } from '../../../firmware-gen/boards/index.js';
import { loaderImage } from '../../../firmware-gen/loader.js';
import { SpikeletError } from '../../../models/index.js';
import { guessPort } from '../guess-port.js';
import { openPort } from '../port.js';
import { waits as usual, type Waits } from './an3155-frames.js';
import { programSectors, type Sector } from './an3155-session.js';
import { emulatedLoader } from './emulated-loader.js';
import { binaryOf, requireRoom } from './program.js';
import type { FlashingBy, FlashProtocol } from './protocol.js';

type An3155 = FlashingBy<'an3155'>;

/** ST's serial bootloader AN3155: in the ROM of STM32 parts, and spikelet's own loader. */
export const createAn3155 = (
  waits: Waits = usual,
  open: typeof openPort = openPort,
): FlashProtocol<An3155> => ({
  file: (board, _flashing, program) => ({ ending: 'img', contents: imageOf(board, program) }),
  async flash(request) {
    const { board, flashing } = request;
    const image = padded(imageOf(board, await binaryOf(request.program)));
    const sectors = sectorsOf(flashing, image.length, board);
    const emulated = request.port || !board.loader ? undefined : await emulatedLoader(board);
    const path = request.port ?? emulated?.port ?? (await guessPort(request.note));
    try {
      const restarts = await programSectors(path, image, sectors, request, { waits, open });
      return { port: path, bytes: image.length, verified: true, restarts, ...emulated };
    } catch (error) {
      await emulated?.stop();
      throw error;
    }
  },
});

/** What is written to flash: a board with spikelet's loader takes an image with a header. */
function imageOf(board: Board, program: Uint8Array): Uint8Array {
  if (board.loader) return loaderImage(board, program);
  requireRoom(board, program.length);
  return program;
}

/** Loaders write whole words. */
function padded(image: Uint8Array): Uint8Array {
  const whole = new Uint8Array(Math.ceil(image.length / 4) * 4).fill(0xff);
  whole.set(image);
  return whole;
}

/** The sectors that an image of `bytes` covers, as ranges of the image. */
function sectorsOf({ sectors }: An3155, bytes: number, board: Board): Sector[] {
  const covered: Sector[] = [];
  let from = 0;
  for (const size of sectors.flatMap(([count, each]) => Array<number>(count).fill(each))) {
    if (from >= bytes) return covered;
    covered.push({ number: covered.length, from, to: Math.min(from + size, bytes) });
    from += size;
  }
  if (from >= bytes) return covered;
  throw new SpikeletError(`the program has ${bytes} B, but ${board.name} takes only ${from} B`, {
    hint: "'spikelet boards GRAPH' lists the boards and --bits that fit",
  });
}
