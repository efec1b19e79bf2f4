import type { Board } from '../../../firmware-gen/boards/index.js';
import { loaderImage } from '../../../firmware-gen/loader.js';
import { exitCode, hex32, SpikeletError } from '../../../models/index.js';
import { guessPort } from '../guess-port.js';
import { openPort, type Port } from '../port.js';
import {
  BLOCK,
  call,
  eraseSector,
  getCommands,
  getId,
  go,
  type Link,
  readBlock,
  waits as usual,
  type Waits,
  writeBlock,
} from './an3155-frames.js';
import { emulatedLoader } from './emulated-loader.js';
import { binaryOf, requireRoom } from './program.js';
import type { FlashingBy, FlashProtocol, FlashRequest } from './protocol.js';

type An3155 = FlashingBy<'an3155'>;

type Options = { waits: Waits; open: typeof openPort };

const BAUD = 115200;
/** How often a sector is begun again before that is given up. */
const RESTARTS = 3;

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
      const restarts = await program(path, image, sectors, request, { waits, open });
      return { port: path, bytes: image.length, verified: true, restarts, ...emulated };
    } catch (error) {
      await emulated?.stop();
      throw error;
    }
  },
});

/** What is written at the flash's address: a board with spikelet's loader takes an image with its header. */
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

type Sector = { number: number; from: number; to: number };

/** The sectors that so many bytes cover, as ranges of the image. */
function sectorsOf({ sectors }: An3155, bytes: number, board: Board): Sector[] {
  const covered: Sector[] = [];
  let from = 0;
  for (const size of sectors.flatMap(([count, each]) => Array<number>(count).fill(each))) {
    if (from >= bytes) return covered;
    covered.push({ number: covered.length, from, to: Math.min(from + size, bytes) });
    from += size;
  }
  if (from >= bytes) return covered;
  throw new SpikeletError(`the program has ${bytes} B, ${board.name} takes ${from} B`, {
    hint: "'spikelet boards GRAPH' says which board or --bits would do",
  });
}

/** Erases, writes and compares each sector, then starts the program. Returns how often the link was taken up again. */
async function program(
  path: string,
  image: Uint8Array,
  sectors: Sector[],
  request: FlashRequest<An3155>,
  options: Options,
): Promise<number> {
  const { flashing, progress, note } = request;
  let link: (Link & { known: Set<number> }) | undefined;
  let restarts = 0;
  try {
    link = await connect(path, request, options, false);
    for (const sector of sectors)
      for (let tries = 0; ; tries++)
        try {
          link ??= await connect(path, request, options, true);
          await writeSector(link, flashing.base, image, sector, link.known, progress);
          break;
        } catch (error) {
          if (!mayRestart(error) || tries === RESTARTS) throw error;
          note(`${error.message}; sector ${sector.number} is begun again`);
          await link?.port.close();
          link = undefined;
          restarts++;
        }
    await go(link!, flashing.base);
    return restarts;
  } finally {
    await link?.port.close();
  }
}

const mayRestart = (error: unknown): error is SpikeletError =>
  error instanceof SpikeletError && (error.code === exitCode.device || error.code === exitCode.differs);

async function writeSector(
  link: Link,
  base: number,
  image: Uint8Array,
  { number, from, to }: Sector,
  known: Set<number>,
  progress: (done: number, total: number) => void,
): Promise<void> {
  await eraseSector(link, number, known);
  for (let at = from; at < to; at += BLOCK) {
    const bytes = image.subarray(at, Math.min(at + BLOCK, to));
    await writeBlock(link, base + at, bytes);
    const found = await readBlock(link, base + at, bytes.length);
    const wrong = bytes.findIndex((byte, i) => byte !== found[i]);
    if (wrong >= 0)
      throw new SpikeletError(`the flash differs at 0x${hex32(base + at + wrong)} from what was written`, {
        hint: 'the flash may be worn out or protected',
        code: exitCode.differs,
      });
    progress(at + bytes.length, image.length);
  }
}

/** Opens the port and calls the loader. `again`: the port may take a while to come back. */
async function connect(
  path: string,
  { flashing, board, note }: FlashRequest<An3155>,
  { waits, open }: Options,
  again: boolean,
) {
  const port = await openAgain(path, open, again ? waits.call : 0);
  const link: Link = { port, waits };
  try {
    const soon = await call(port, Math.min(2000, waits.call));
    if (!soon) note(`${path} is silent so far: ${flashing.enter}`);
    if (!soon && !(await call(port, waits.call)))
      throw new SpikeletError(`no loader answers on ${path}`, {
        hint: flashing.enter,
        code: exitCode.device,
      });
    const known = await getCommands(link);
    const device = await getId(link);
    if (device !== flashing.device)
      throw new SpikeletError(
        `the device is 0x${device.toString(16)}, ${board.name} is 0x${flashing.device.toString(16)}`,
        { hint: 'choose another --board or --port' },
      );
    return { ...link, known };
  } catch (error) {
    await port.close();
    throw error;
  }
}

async function openAgain(path: string, open: typeof openPort, ms: number): Promise<Port> {
  const deadline = performance.now() + ms;
  for (;;)
    try {
      return await open(path, { baud: BAUD, parity: 'even' });
    } catch (error) {
      if (performance.now() >= deadline) throw error;
      await new Promise((done) => setTimeout(done, 200));
    }
}
