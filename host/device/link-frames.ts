import { crc32 } from '../../models/index.js';

/** The frames of the link; firmware-gen/shell/link.h describes them. */
export type Frame = { sequence: number; kind: number; payload: Uint8Array };

/** The parts of a byte stream, in order. `damaged`: number of bytes of a broken frame. */
export type Piece = { frame: Frame } | { text: Uint8Array } | { damaged: number };

export const LINK_VERSION = 1;
const HEAD = 4;
const CHECK = 4;
const MARK = 0x80;
/** Longest line that is kept; a longer one counts as damaged. */
const LONGEST = 1 << 12;

/** A frame as it goes over the line, with a zero byte before and after it. */
export function encodeFrame({ sequence, kind, payload }: Frame): Uint8Array {
  const bytes = new Uint8Array(HEAD + payload.length + CHECK);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, sequence, true);
  bytes.set([kind, LINK_VERSION], 2);
  bytes.set(payload, HEAD);
  view.setUint32(HEAD + payload.length, crc32(bytes.subarray(0, -CHECK)), true);
  const line = [0];
  for (let at = 0; at < bytes.length; at += 7) {
    const group = bytes.subarray(at, at + 7);
    line.push(group.reduce((tops, byte, i) => tops | ((byte >> 7) << i), MARK));
    for (const byte of group) line.push(byte | MARK);
  }
  return Uint8Array.from([...line, 0]);
}

/** The frame in the bytes between two zero bytes; undefined: it is damaged. */
export function decodeFrame(line: Uint8Array): Frame | undefined {
  const bytes = new Uint8Array(line.length - Math.ceil(line.length / 8));
  if (line.length % 8 === 1 || bytes.length < HEAD + CHECK) return undefined;
  for (let i = 0; i < bytes.length; i++) {
    const group = 8 * Math.floor(i / 7);
    const tops = line[group]!;
    bytes[i] = (line[group + 1 + (i % 7)]! & 0x7f) | (((tops >> (i % 7)) & 1) << 7);
  }
  const view = new DataView(bytes.buffer);
  const end = bytes.length - CHECK;
  if (view.getUint32(end, true) !== crc32(bytes.subarray(0, end))) return undefined;
  return { sequence: view.getUint16(0, true), kind: bytes[2]!, payload: bytes.subarray(HEAD, end) };
}

/** Splits a stream into pieces, in whatever chunks it arrives. Text is passed on as it comes. */
export function frameReader(): (bytes: Uint8Array) => Piece[] {
  let line: number[] = [];
  let tooLong = 0;
  return (bytes) => {
    const pieces: Piece[] = [];
    let text: number[] = [];
    const endText = () => {
      if (text.length) pieces.push({ text: Uint8Array.from(text) });
      text = [];
    };
    const endLine = (ended: boolean) => {
      const frame = ended && !tooLong ? decodeFrame(Uint8Array.from(line)) : undefined;
      const length = line.length + tooLong;
      if (length) pieces.push(frame ? { frame } : { damaged: length });
      line = [];
      tooLong = 0;
    };
    for (const byte of bytes) {
      if (byte & MARK) {
        endText();
        if (line.length < LONGEST) line.push(byte);
        else tooLong++;
      } else if (byte) {
        endLine(false);
        text.push(byte);
      } else {
        endText();
        endLine(true);
      }
    }
    endText();
    return pieces;
  };
}
