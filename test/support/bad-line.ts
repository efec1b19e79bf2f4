import { openPort } from '../../host/device/port.js';
import type { Pty } from './pty.js';
import { below, type Random } from './random-graph.js';

/**
 * Passes what the board at a port sends and gets through `spoil` to the PTY and back, until the returned
 * stop.
 */
export async function connectLine(
  board: string,
  pty: Pty,
  spoil: (bytes: Uint8Array) => Uint8Array,
): Promise<() => Promise<void>> {
  const port = await openPort(board, { baud: 115200 });
  let open = true;
  pty.onBytes((bytes) => void port.write(spoil(bytes)).catch(() => undefined));
  const pump = (async () => {
    while (open) pty.write(spoil(await port.readSome(50).catch(() => new Uint8Array())));
  })();
  return async () => {
    open = false;
    await pump;
    await port.close();
  };
}

/** About one byte of `every` is flipped, lost or doubled. */
export const noise =
  (random: Random, every: number): ((bytes: Uint8Array) => Uint8Array) =>
  (bytes) =>
    Uint8Array.from(
      [...bytes].flatMap((byte) => {
        if (below(random, every)) return [byte];
        return [[byte ^ (1 << below(random, 8))], [], [byte, byte]][below(random, 3)]!;
      }),
    );

/**
 * Passes bytes on in their order, about one of `every` late by up to `mostMs` milliseconds, and those behind
 * it with it: a line that stands still.
 */
export function delays(
  random: Random,
  every: number,
  mostMs: number,
  pass: (bytes: Uint8Array) => void,
): (bytes: Uint8Array) => void {
  let queue: Uint8Array[] = [];
  let still = false;
  const goOn = () => {
    still = false;
    const late = queue;
    queue = [];
    for (const bytes of late) take(bytes);
  };
  function take(bytes: Uint8Array): void {
    if (still) return void queue.push(bytes);
    const at = bytes.findIndex(() => !below(random, every));
    if (at > 0 || at < 0) pass(at < 0 ? bytes : bytes.subarray(0, at));
    if (at < 0) return;
    still = true;
    // The byte itself was late once: it is not asked again.
    setTimeout(() => {
      pass(bytes.subarray(at, at + 1));
      queue.unshift(bytes.subarray(at + 1));
      goOn();
    }, 1 + below(random, mostMs));
  }
  return take;
}
