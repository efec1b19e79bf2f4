import { exitCode, hex32, SpikeletError } from '../../../models/index.js';
import type { openPort, Port } from '../port.js';
import {
  BLOCK,
  call,
  eraseSector,
  getCommands,
  getId,
  go,
  type Link,
  readBlock,
  type Waits,
  writeBlock,
} from './an3155-frames.js';
import type { FlashingBy, FlashRequest } from './protocol.js';

type Request = FlashRequest<FlashingBy<'an3155'>>;
type Options = { waits: Waits; open: typeof openPort };

/** A sector that the image covers, as bytes of the image. */
export type Sector = { number: number; from: number; to: number };

const BAUD = 115200;
/** Consecutive failures at one place before giving up. */
const TRIES = 3;

/**
 * Erases, writes and compares each sector, then starts the program. A lost link is reopened and continues
 * where it was. Returns how often that happened.
 */
export async function programSectors(
  path: string,
  image: Uint8Array,
  sectors: Sector[],
  request: Request,
  options: Options,
): Promise<number> {
  const { flashing, progress, note } = request;
  let link: (Link & { known: Set<number> }) | undefined = await connect(path, request, options, 0);
  let restarts = 0;

  /** Runs `step` until it succeeds, with a new link after each failure. */
  async function insist(step: (current: Link & { known: Set<number> }, again: boolean) => Promise<void>) {
    for (let tries = 0; ; tries++)
      try {
        link ??= await connect(path, request, options, options.waits.call);
        return await step(link, tries > 0);
      } catch (error) {
        if (!(error instanceof SpikeletError) || error.code !== exitCode.device || tries === TRIES)
          throw error;
        note(`${error.message}; reconnecting`);
        await link?.port.close();
        link = undefined;
        restarts++;
      }
  }

  async function writeSector({ number, from, to }: Sector): Promise<void> {
    await insist((current) => eraseSector(current, number, current.known));
    for (let at = from; at < to; at += BLOCK) {
      const bytes = image.subarray(at, Math.min(at + BLOCK, to));
      await insist((current, again) => writeChecked(current, flashing.base + at, bytes, again));
      progress(at + bytes.length, image.length);
    }
  }

  try {
    for (const sector of sectors)
      for (let tries = 0; ; tries++)
        try {
          await writeSector(sector);
          break;
        } catch (error) {
          if (!(error instanceof SpikeletError) || error.code !== exitCode.differs || tries === TRIES)
            throw error;
          note(`${error.message}; writing sector ${sector.number} again`);
          restarts++;
        }
    await insist((current) => go(current, flashing.base));
    return restarts;
  } finally {
    await link?.port.close();
  }
}

/** Writes a block and reads it back. `again`: the block may have been written before the link was lost. */
async function writeChecked(link: Link, at: number, bytes: Uint8Array, again: boolean): Promise<void> {
  if (again) {
    const found = await readBlock(link, at, bytes.length);
    if (Buffer.compare(found, bytes) === 0) return;
    // A partly written block must be erased first.
    if (found.some((byte) => byte !== 0xff)) throw differs(at);
  }
  await writeBlock(link, at, bytes);
  const found = await readBlock(link, at, bytes.length);
  const wrong = bytes.findIndex((byte, i) => byte !== found[i]);
  if (wrong >= 0) throw differs(at + wrong);
}

const differs = (at: number): SpikeletError =>
  new SpikeletError(`the flash differs at 0x${hex32(at)} from what was written`, {
    hint: 'the line may be noisy, or the flash worn out or protected',
    code: exitCode.differs,
  });

/** Opens the port, which may take `openMs` to reappear, and calls the loader. */
async function connect(
  path: string,
  { flashing, board, note }: Request,
  { waits, open }: Options,
  openMs: number,
) {
  const port = await openWithin(path, open, openMs);
  const link: Link = { port, waits };
  try {
    const soon = await call(port, Math.min(2000, waits.call));
    if (!soon) note(`no answer on ${path} yet: ${flashing.enter}`);
    if (!soon && !(await call(port, waits.call)))
      throw new SpikeletError(`no loader answers on ${path}`, {
        hint: flashing.enter,
        code: exitCode.device,
      });
    const known = await getCommands(link);
    const device = await getId(link);
    if (device !== flashing.device)
      throw new SpikeletError(
        `the device id is 0x${device.toString(16)}, but ${board.name} has 0x${flashing.device.toString(16)}`,
        { hint: 'use another --board or --port' },
      );
    return { ...link, known };
  } catch (error) {
    await port.close();
    throw error;
  }
}

async function openWithin(path: string, open: typeof openPort, ms: number): Promise<Port> {
  const deadline = performance.now() + ms;
  for (;;)
    try {
      return await open(path, { baud: BAUD, parity: 'even' });
    } catch (error) {
      if (performance.now() >= deadline) throw error;
      await new Promise((done) => setTimeout(done, 200));
    }
}
