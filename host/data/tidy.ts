import type { Format } from './format.js';

/**
 * Chunks of a PNG that define its pixels: the critical ones, whose names begin with a capital, transparency,
 * and eXIf, which gives the orientation.
 */
const PNG_CHUNK = /^([A-Z]|tRNS$|eXIf$)/;

const PNG_SIGNATURE = 8;

/**
 * Removes from an image file everything that does not affect its pixels, before a decoder sees it; works in
 * place in `bytes`. In a PNG these are texts and profiles, which may be compressed a thousandfold (zTXt,
 * iCCP), and anything after its end. In a JPEG they are the bytes between the header's segments: viewers skip
 * them, but the decoder reports them as damage.
 */
export const tidy = (bytes: Uint8Array, format: Format): Uint8Array =>
  format === 'png' ? tidyPng(bytes) : format === 'jpeg' ? tidyJpeg(bytes) : bytes;

function tidyPng(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let [from, to] = [PNG_SIGNATURE, PNG_SIGNATURE];
  while (from + 12 <= bytes.length) {
    const type = String.fromCharCode(...bytes.subarray(from + 4, from + 8));
    const next = Math.min(bytes.length, from + 12 + view.getUint32(from));
    if (PNG_CHUNK.test(type)) {
      bytes.copyWithin(to, from, next);
      to += next - from;
    }
    if (type === 'IEND') break;
    from = next;
  }
  return bytes.subarray(0, to);
}

const START_OF_SCAN = 0xda;
const END_OF_IMAGE = 0xd9;

/** Markers without a length: TEM, RST0..7 and SOI. */
const standsAlone = (marker: number): boolean => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);

function tidyJpeg(bytes: Uint8Array): Uint8Array {
  let to = 2;
  for (const { start, end } of jpegSegments(bytes)) {
    bytes.copyWithin(to, start, end);
    to += end - start;
  }
  return bytes.subarray(0, to);
}

/**
 * The segments of a JPEG's header, without the bytes between them; the last one is the first scan and
 * everything after it.
 */
function* jpegSegments(bytes: Uint8Array): Generator<{ marker: number; start: number; end: number }> {
  let at = 2;
  while (at + 4 <= bytes.length) {
    const marker = bytes[at + 1]!;
    if (bytes[at] !== 0xff || marker === 0 || marker === 0xff) at++;
    else if (marker === START_OF_SCAN || marker === END_OF_IMAGE)
      return yield { marker, start: at, end: bytes.length };
    else {
      const size = standsAlone(marker) ? 2 : 2 + ((bytes[at + 2]! << 8) | bytes[at + 3]!);
      const end = Math.min(bytes.length, at + size);
      yield { marker, start: at, end };
      at = end;
    }
  }
}

/** Whether a JPEG's first scan lacks some of its components, so that a decoder must hold the whole image. */
export function hasSeveralScans(jpeg: Uint8Array): boolean {
  let components = 0;
  for (const { marker, start } of jpegSegments(jpeg)) {
    // Start of frame, baseline or extended: length, precision, height, width, components.
    if (marker === 0xc0 || marker === 0xc1) components = jpeg[start + 9] ?? 0;
    if (marker === START_OF_SCAN) return jpeg[start + 4]! < components;
  }
  return false;
}
