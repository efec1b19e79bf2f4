import { LINK_ERROR } from './link.js';
import { frameReader } from './link-frames.js';
import type { Port } from './port.js';
import { requestName } from './requests.js';

/**
 * What a device sends, in order: a line of text (or the part of one before a pause), a frame, or bytes that
 * are neither.
 */
export type Said =
  | { text: string }
  | { frame: string; sequence: number; kind: number; payload: string }
  | { damaged: number };

/** An unfinished line is reported after this pause, or at this length. */
const PAUSE_MS = 300;
const LONGEST_LINE = 4096;

/**
 * Reports what the device sends until `stopped()`. Throws a SpikeletError with exit code 3 when the device is
 * gone.
 */
export async function listen(port: Port, tell: (said: Said) => void, stopped: () => boolean): Promise<void> {
  const read = frameReader();
  let line = '';
  const endLine = () => {
    if (line) tell({ text: line });
    line = '';
  };
  while (!stopped()) {
    const bytes = await port.readSome(PAUSE_MS);
    if (!bytes.length) endLine();
    for (const piece of read(bytes)) {
      if ('text' in piece)
        for (const byte of piece.text) {
          if (byte === 0x0a || line.length >= LONGEST_LINE) endLine();
          if (byte !== 0x0a && byte !== 0x0d) line += String.fromCharCode(byte);
        }
      else {
        endLine();
        tell('frame' in piece ? described(piece.frame) : piece);
      }
    }
  }
}

function described({
  sequence,
  kind,
  payload,
}: {
  sequence: number;
  kind: number;
  payload: Uint8Array;
}): Said {
  const name = requestName(kind) ?? `kind ${kind}`;
  const frame = kind === LINK_ERROR ? 'refusal' : kind & 0x80 ? `answer to ${name}` : name;
  return { frame, sequence, kind, payload: Buffer.from(payload).toString('hex') };
}
