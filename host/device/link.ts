import { exitCode, SpikeletError } from '../../models/index.js';
import { printable } from '../system/printable.js';
import { encodeFrame, type Frame, frameReader, LINK_VERSION, type Piece } from './link-frames.js';
import type { Port } from './port.js';
import { requestName } from './requests.js';

/** Why a device refuses a request, in the order of enum link_error in firmware-gen/shell/link.h. */
const refusals = [
  ['damaged', 'the request arrived damaged'],
  ['other-version', `it does not support version ${LINK_VERSION} of the link`],
  ['no-session', 'it has lost the session, so it was restarted'],
  ['unknown', 'it does not know the request'],
  ['wrong-size', 'the request has the wrong length'],
  ['out-of-order', 'pixels leave a gap or are outside the image'],
  ['incomplete', 'not all pixels of the image have arrived'],
  ['not-computed', 'it has not computed anything yet'],
  ['not-traced', 'its firmware was compiled without SPIKELET_TRACE'],
  ['no-model', 'its model cannot run'],
] as const;
export type Refusal = (typeof refusals)[number][0] | 'unnamed';

/** A device answered, but refused the request. */
export class RefusedError extends SpikeletError {
  constructor(
    readonly refusal: Refusal,
    message: string,
  ) {
    super(message, {
      code: exitCode.device,
      hint: 'reset the board and try again; if that does not help, flash it',
    });
  }
}

export const LINK_ERROR = 0xff;
const ANSWER = 0x80;
const DAMAGED = 1;
const SEQUENCES = 0x10000;
const LONGEST_WAIT_MS = 4000;

export type AskOptions = {
  /** Longest time to wait for the answer; until then, the request is sent again at growing intervals. */
  limitMs?: number;
  /** How long to wait before the request is sent again. */
  ms?: number;
};

/** Requests and answers over a port, one at a time. Lost or damaged requests are sent again. */
export type Link = {
  /**
   * The answer's payload. Throws a SpikeletError with exit code 3 if none comes, a RefusedError if the device
   * refuses.
   */
  ask(kind: number, payload?: Uint8Array, options?: AskOptions): Promise<Uint8Array>;
  /** Numbers of requests sent, answered and sent again, and of what arrived that was not an answer. */
  readonly counts: LinkCounts;
};

export type LinkCounts = {
  requests: number;
  answered: number;
  again: number;
  damaged: number;
  stale: number;
  text: number;
};

export type LinkOptions = {
  /** How long to wait for an answer before its request is sent again. */
  ms?: number;
  /** How often a request is sent at most, after damage or silence. */
  tries?: number;
  /** The first request's number. */
  sequence?: number;
};

/**
 * Opens the link over a port. A request keeps its number when it is sent again, so the device recognises it;
 * answers with another number are old and ignored.
 */
export function openLink(port: Port, options: LinkOptions = {}): Link {
  const { ms = 1000, tries = 10 } = options;
  let sequence = options.sequence ?? Math.floor(Math.random() * SEQUENCES);
  const read = frameReader();
  let said = '';
  const counts: LinkCounts = { requests: 0, answered: 0, again: 0, damaged: 0, stale: 0, text: 0 };

  /** The answer to this request, or why none arrived within `wait`. */
  async function answer(wait: number): Promise<Frame | 'damage' | 'silence'> {
    const deadline = performance.now() + wait;
    for (let left = wait; left > 0; left = deadline - performance.now()) {
      let damaged = false;
      for (const piece of read(await port.readSome(left))) {
        if ('frame' in piece && piece.frame.sequence === sequence) return piece.frame;
        damaged = tally(piece) || damaged;
      }
      if (damaged) return 'damage';
    }
    return 'silence';
  }

  function tally(piece: Piece): boolean {
    if ('text' in piece) {
      counts.text += piece.text.length;
      said = (said + Buffer.from(piece.text.subarray(-SAID)).toString('latin1')).slice(-SAID);
      const [, layer] = TRAP.exec(said) ?? [];
      if (layer !== undefined) throw trapped(port.path, layer);
    } else if ('damaged' in piece || piece.frame.kind === LINK_ERROR) {
      counts.damaged++;
      return true;
    } else counts.stale++;
    return false;
  }

  return {
    counts,
    async ask(kind, payload = new Uint8Array(), { limitMs, ms: first = ms } = {}) {
      sequence = (sequence + 1) % SEQUENCES;
      counts.requests++;
      const line = encodeFrame({ sequence, kind, payload });
      const started = performance.now();
      let [damages, silences, wait] = [0, 0, first];
      const left = () => (limitMs ?? Number.POSITIVE_INFINITY) - (performance.now() - started);
      while (left() > 0 && damages + (limitMs === undefined ? silences : 0) < tries) {
        if (damages + silences) counts.again++;
        await port.write(line);
        const found = await answer(Math.min(wait, left()));
        if (found === 'silence') {
          silences++;
          // Do not keep repeating a request that takes long.
          if (limitMs !== undefined) wait = Math.min(2 * wait, LONGEST_WAIT_MS);
        } else if (found === 'damage' || (found.kind === LINK_ERROR && found.payload[0] === DAMAGED))
          damages++;
        else if (found.kind === LINK_ERROR) throw refused(port.path, found.payload[0]!);
        else if (found.kind === (kind | ANSWER)) {
          counts.answered++;
          return found.payload;
        } else damages++;
      }
      throw new SpikeletError(`${port.path}: no answer to '${requestName(kind) ?? kind}'`, {
        hint: 'check the cable and the power; reset the board',
        code: exitCode.device,
      });
    },
  };
}

/**
 * What a checked build prints about a layer (firmware-gen/shell/trap.c), and how much of a device's text is
 * searched.
 */
const TRAP = /e-\[trap in layer (.*?)\]\r\n/;
const SAID = 512;

const trapped = (path: string, layer: string): SpikeletError =>
  new SpikeletError(
    `${path}: the model stopped in layer '${printable(layer)}' before an out-of-bounds read or write`,
    { hint: "the board's data is damaged: build again, then flash and reset the board" },
  );

function refused(path: string, code: number): RefusedError {
  const [refusal, meaning] = refusals[code - 1] ?? ['unnamed', `it refuses with unknown error ${code}`];
  return new RefusedError(refusal, `${path}: ${meaning}`);
}
