import { NOTE_BYTES } from '../../firmware-gen/fits.js';
import { exitCode, SpikeletError } from '../../models/index.js';
import { type Hello, readHello } from './hello.js';
import { type Link, type LinkOptions, openLink, RefusedError } from './link.js';
import type { Port } from './port.js';
import { request } from './requests.js';

/** Flags of `infer`: what the device records about every tensor. */
export const note = { ticks: 1, values: 2 } as const;

/**
 * What was recorded about a tensor in the last inference: `ticks` of the layer that wrote it, its sum
 * `spikes`, and `active`, its number of nonzero values.
 */
export type Note = { ticks: number; crc: number; spikes: number; active: number };

/** A board that runs spikelet's firmware, at the other end of a serial port. */
export type BoardLink = {
  hello: Hello;
  link: Link;
  /**
   * Sends the pixels and waits for the logits. `notes`: what to record for `notes()`, note.ticks |
   * note.values.
   */
  infer(pixels: Int8Array, notes?: number): Promise<{ logits: Int32Array; ticks: number }>;
  /** The note of the input, then of every layer. */
  notes(): Promise<Note[]>;
  /** Most bytes of stack used since the start. */
  stackUsed(): Promise<number>;
  reset(): Promise<void>;
};

export type BoardOptions = LinkOptions & {
  /** How long to keep calling a silent device. */
  helloMs?: number;
  /** How long an inference may take. */
  inferMs?: number;
  /** Pixels per frame; fewer on a bad line. */
  chunk?: number;
};

/**
 * Calls the device until it answers. Throws a SpikeletError with exit code 3 if it is silent or does not run
 * spikelet's firmware.
 */
export async function connectBoard(port: Port, options: BoardOptions = {}): Promise<BoardLink> {
  const { helloMs = 8000, inferMs = 120_000 } = options;
  const link = openLink(port, options);
  const { hello, payload: largest, problem } = await greet(port, link, helloMs);
  if (problem)
    throw new SpikeletError(
      `${hello.board} reports that its model cannot run: ${problems[problem] ?? problem}`,
      {
        hint: 'flash the whole program, including weights.bin if there is one',
        code: exitCode.device,
      },
    );
  const chunk = Math.min(options.chunk ?? largest - 4, largest - 4);

  const send = async (pixels: Int8Array): Promise<void> => {
    if (pixels.length !== hello.inputBytes)
      throw new SpikeletError(`${hello.board} takes ${hello.inputBytes} pixels, not ${pixels.length}`, {
        hint: 'is the firmware of this graph on the board?',
      });
    for (let at = 0; at < pixels.length; at += chunk) {
      const part = pixels.subarray(at, at + chunk);
      const payload = new Uint8Array(4 + part.length);
      payload.set(number(at));
      payload.set(new Uint8Array(part.buffer, part.byteOffset, part.length), 4);
      await link.ask(request.input, payload);
    }
  };

  /** Reads a paged list, from entry `from` on. */
  async function pages(kind: number, from: number, count: number, bytes: number): Promise<DataView> {
    const all = new Uint8Array(count * bytes);
    for (let at = from; at < count; ) {
      const page = await link.ask(kind, number(at));
      if (!page.length || page.length % bytes || at * bytes + page.length > all.length) throw nonsense(port);
      all.set(page, at * bytes);
      at += page.length / bytes;
    }
    return new DataView(all.buffer);
  }

  return {
    hello,
    link,
    async infer(pixels, notes = 0) {
      await send(pixels);
      const answer = await link.ask(request.infer, number(notes), { limitMs: inferMs });
      const first = (answer.length - 4) / 4;
      if (!Number.isInteger(first) || first < 0 || first > hello.classes) throw nonsense(port);
      const view = new DataView(answer.buffer, answer.byteOffset, answer.length);
      const rest = first < hello.classes ? await pages(request.logits, first, hello.classes, 4) : undefined;
      const logits = Int32Array.from({ length: hello.classes }, (_, i) =>
        i < first ? view.getInt32(4 + 4 * i, true) : rest!.getInt32(4 * i, true),
      );
      return { logits, ticks: view.getUint32(0, true) };
    },
    async notes() {
      const view = await pages(request.notes, 0, hello.layers + 1, NOTE_BYTES);
      return Array.from({ length: hello.layers + 1 }, (_, i) => {
        const word = (n: number) => view.getUint32(NOTE_BYTES * i + 4 * n, true);
        return { ticks: word(0), crc: word(1), spikes: word(2), active: word(3) };
      });
    },
    async stackUsed() {
      const answer = await link.ask(request.memory);
      if (answer.length !== 4) throw nonsense(port);
      return new DataView(answer.buffer, answer.byteOffset).getUint32(0, true);
    },
    async reset() {
      try {
        await link.ask(request.reset);
      } catch (error) {
        // The answer was lost, and the device has reset before answering again.
        if (!(error instanceof RefusedError && error.refusal === 'no-session')) throw error;
      }
    },
  };
}

/** Results of spikelet_init(), as in spikelet.h. */
const problems: Record<number, string> = {
  1: 'its core is big-endian',
  2: 'its weights are not at their address',
};

const number = (value: number): Uint8Array => {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
};

const nonsense = ({ path }: Port): SpikeletError =>
  new SpikeletError(`${path}: the device answers, but not as this version of spikelet expects`, {
    hint: 'build and flash its firmware again',
    code: exitCode.device,
  });

async function greet(port: Port, link: Link, limitMs: number) {
  const answer = await link.ask(request.hello, undefined, { limitMs, ms: 250 }).catch((error: unknown) => {
    if (error instanceof RefusedError || !(error instanceof SpikeletError)) throw error;
    const { text, damaged } = link.counts;
    throw new SpikeletError(
      text || damaged
        ? `${port.path} sends bytes, but spikelet's firmware does not answer`
        : `${port.path} is silent`,
      {
        hint:
          text || damaged
            ? "does --baud match the board, and is spikelet's firmware on it? ('spikelet flash')"
            : "check the cable and the power; is spikelet's firmware on the board? ('spikelet flash')",
        code: exitCode.device,
      },
    );
  });
  const read = readHello(answer);
  if (!read) throw nonsense(port);
  return read;
}
