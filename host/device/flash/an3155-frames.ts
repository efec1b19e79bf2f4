import { exitCode, hex32, SpikeletError } from '../../../models/index.js';
import type { Port } from '../port.js';

/**
 * The client side of ST's application note AN3155: each function is one exchange, with a timeout on each
 * wait.
 */
export const SYNC = 0x7f;
const ACK = 0x79;
const NACK = 0x1f;
export const command = {
  get: 0x00,
  id: 0x02,
  read: 0x11,
  go: 0x21,
  write: 0x31,
  erase: 0x43,
  eraseExtended: 0x44,
};

export const BLOCK = 256;

/** Timeouts of the answers, in milliseconds. */
export type Waits = { call: number; answer: number; erase: number; go: number };
/** The loader computes the CRC of a whole slot before it answers `go`. */
export const waits: Waits = { call: 15_000, answer: 3000, erase: 30_000, go: 30_000 };

/** An open port to a loader. */
export type Link = { port: Port; waits: Waits };

const protocolError = (message: string, hint = 'reset the board and try again'): SpikeletError =>
  new SpikeletError(message, { hint, code: exitCode.device });

const xor = (bytes: Uint8Array | number[]): number => [...bytes].reduce((all, byte) => all ^ byte, 0);

const checked = (bytes: number[]): Uint8Array => Uint8Array.from([...bytes, xor(bytes)]);

const address = (at: number): Uint8Array =>
  checked([at >>> 24, (at >>> 16) & 255, (at >>> 8) & 255, at & 255]);

async function acknowledged({ port, waits }: Link, what: string, ms = waits.answer): Promise<void> {
  const [answer] = await port.read(1, ms);
  if (answer === ACK) return;
  if (answer === NACK) throw protocolError(`the device refused ${what}`);
  throw protocolError(
    `the device answered ${what} with 0x${answer!.toString(16)}`,
    'check the baud rate and --board',
  );
}

async function send(link: Link, code: number, what: string): Promise<void> {
  await link.port.write(Uint8Array.of(code, ~code & 255));
  await acknowledged(link, what);
}

/** Calls the loader until it answers or `ms` milliseconds have passed. Returns whether it answered. */
export async function call(port: Port, ms: number): Promise<boolean> {
  const deadline = performance.now() + ms;
  while (performance.now() < deadline) {
    await port.write(Uint8Array.of(SYNC));
    const answer = await port.readSome(100);
    if (!answer.includes(ACK) && !answer.includes(NACK)) continue;
    await port.drain(100);
    return true;
  }
  return false;
}

/** The commands that the loader supports. */
export async function getCommands(link: Link): Promise<Set<number>> {
  for (let tries = 0; ; tries++)
    try {
      await send(link, command.get, 'the command for its list of commands');
      const [last] = await link.port.read(1, link.waits.answer);
      const list = await link.port.read(last! + 1, link.waits.answer);
      await acknowledged(link, 'the end of its list of commands');
      return new Set(list.subarray(1));
    } catch (error) {
      // An odd number of sync bytes leaves some loaders in the middle of a command; one more byte ends it.
      if (tries === 2 || !(error instanceof SpikeletError)) throw error;
      await link.port.write(Uint8Array.of(SYNC));
      await link.port.drain(200);
    }
}

export async function getId(link: Link): Promise<number> {
  await send(link, command.id, 'the command for its device id');
  const [last] = await link.port.read(1, link.waits.answer);
  const id = await link.port.read(last! + 1, link.waits.answer);
  await acknowledged(link, 'the end of its device id');
  return id.reduce((value, byte) => value * 256 + byte, 0);
}

/** Erases one sector by its number. */
export async function eraseSector(link: Link, sector: number, known: Set<number>): Promise<void> {
  const extended = known.has(command.eraseExtended);
  const what = `to erase sector ${sector}`;
  await send(link, extended ? command.eraseExtended : command.erase, what);
  await link.port.write(extended ? checked([0, 0, sector >> 8, sector & 255]) : checked([0, sector]));
  await acknowledged(link, what, link.waits.erase);
}

/** Writes 1 to 256 bytes. */
export async function writeBlock(link: Link, at: number, bytes: Uint8Array): Promise<void> {
  const what = `to write at 0x${hex32(at)}`;
  await send(link, command.write, what);
  await link.port.write(address(at));
  await acknowledged(link, what);
  await link.port.write(checked([bytes.length - 1, ...bytes]));
  await acknowledged(link, what);
}

/** Reads 1 to 256 bytes. */
export async function readBlock(link: Link, at: number, count: number): Promise<Uint8Array> {
  const what = `to read at 0x${hex32(at)}`;
  await send(link, command.read, what);
  await link.port.write(address(at));
  await acknowledged(link, what);
  await link.port.write(Uint8Array.of(count - 1, ~(count - 1) & 255));
  await acknowledged(link, what);
  return link.port.read(count, link.waits.answer);
}

/** Starts the program at an address. */
export async function go(link: Link, at: number): Promise<void> {
  const what = `to start the program at 0x${hex32(at)}`;
  await send(link, command.go, what);
  await link.port.write(address(at));
  await acknowledged(link, what, link.waits.go);
}
