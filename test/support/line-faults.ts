import { openPort } from '../../host/device/port.js';
import { delays } from './bad-line.js';
import type { Pty } from './pty.js';
import { below, pick, type Random } from './random-graph.js';

/** What a line does to what passes over it; each way gets its own disturbance. */
export type Disturbance = {
  /** What comes out where these bytes go in. */
  spoil?: (bytes: Uint8Array) => Uint8Array;
  /** About one byte of `every` is late by up to `mostMs` milliseconds, and those behind it. */
  late?: { every: number; mostMs: number };
  /** The line is cut after this many bytes in both directions together. */
  cutAt?: number;
  /** What the host hears in between that the board never said. */
  babble?: () => Uint8Array;
};

const perByte =
  (random: Random, every: number, fault: (byte: number) => number[]) =>
  (bytes: Uint8Array): Uint8Array =>
    Uint8Array.from([...bytes].flatMap((byte) => (below(random, every) ? [byte] : fault(byte))));

/** What a board said in an earlier session, to be said again. */
export type Recording = { frames: Uint8Array[] };

const noise = (random: Random): Uint8Array => {
  const length = 1 + below(random, pick(random, [4, 40, 600]));
  const text = below(random, 2) === 0;
  return Uint8Array.from({ length }, () => (text ? 32 + below(random, 95) : below(random, 256)));
};

/** The kinds of faults, by name, with about one fault in `every` bytes. */
export const lineFaults: Record<string, (random: Random, every: number, earlier: Recording) => Disturbance> =
  {
    none: () => ({}),
    drops: (random, every) => ({ spoil: perByte(random, every, () => []) }),
    flips: (random, every) => ({ spoil: perByte(random, every, (byte) => [byte ^ (1 << below(random, 8))]) }),
    doubles: (random, every) => ({ spoil: perByte(random, every, (byte) => [byte, byte]) }),
    delays: (_, every) => ({ late: { every, mostMs: 150 } }),
    disconnect: (random, every) => ({ cutAt: below(random, 2 * every) }),
    babble: (random, every) => ({
      babble: () => (below(random, Math.ceil(every / 20)) ? new Uint8Array() : noise(random)),
    }),
    'stale session': (random, every, { frames }) => ({
      babble: () =>
        below(random, Math.ceil(every / 100)) || !frames.length ? new Uint8Array() : pick(random, frames),
    }),
  };

export type BadLine = {
  /** Pieces that a fault changed, held back, cut off or added; and whether the line was cut. */
  spoilt(): number;
  cut(): boolean;
  stop(): Promise<void>;
};

/** Joins the port of a board and a PTY by a line with faults; what the board says is recorded in pieces. */
export async function joinLine(
  board: string,
  pty: Pty,
  { random, disturbance, record }: { random: Random; disturbance: Disturbance; record: Recording },
): Promise<BadLine> {
  const { spoil = (bytes) => bytes, late, cutAt = Number.POSITIVE_INFINITY, babble } = disturbance;
  const port = await openPort(board, { baud: 115200 });
  let [open, passed, spoilt, cut] = [true, 0, 0, false];
  const way = (pass: (bytes: Uint8Array) => void) => {
    let through = 0;
    const onwards = (bytes: Uint8Array) => {
      through += bytes.length;
      pass(bytes);
    };
    const onward = late ? delays(random, late.every, late.mostMs, onwards) : onwards;
    return (bytes: Uint8Array) => {
      if (cut || !bytes.length) return;
      passed += bytes.length;
      if (passed > cutAt) {
        cut = true;
        spoilt++;
        void pty.close();
        return;
      }
      const out = spoil(bytes);
      const before = through;
      onward(out);
      // What has not come out at once is late.
      if (!Buffer.from(out).equals(bytes) || through - before < out.length) spoilt++;
    };
  };
  const toBoard = way((bytes) => void port.write(bytes).catch(() => undefined));
  const toHost = way((bytes) => pty.write(bytes));
  pty.onBytes(toBoard);
  const pump = (async () => {
    while (open) {
      const bytes = await port.readSome(20).catch(() => new Uint8Array());
      if (bytes.length && record.frames.length < 500) record.frames.push(Uint8Array.of(0, ...bytes, 0));
      toHost(bytes);
      const said = cut ? undefined : babble?.();
      if (said?.length) {
        spoilt++;
        pty.write(said);
      }
    }
  })();
  return {
    spoilt: () => spoilt,
    cut: () => cut,
    async stop() {
      open = false;
      await pump;
      await port.close();
      if (!cut) await pty.close();
    },
  };
}
