import type { Format } from './format.js';

/** Chunks of a PNG that make its pixels, and eXIf, which says how they are turned. */
const PNG_CHUNKS = new Set(['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND', 'eXIf']);

const PNG_SIGNATURE = 8;

/**
 * An image file without what has no part in its pixels, before a decoder sees it; works within `bytes`.
 * Of a PNG that is its texts and profiles, which may be packed a thousandfold (zTXt, iCCP), and whatever follows its
 * end. Of a JPEG it is the bytes between the segments of its header: every viewer skips them, while for the decoder
 * they are as much damage as a broken code.
 */
export const tidy = (bytes: Uint8Array, format: Format): Uint8Array =>
  format === 'png' ? tidyPng(bytes) : format === 'jpeg' ? tidyJpeg(bytes) : bytes;

function tidyPng(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let [from, to] = [PNG_SIGNATURE, PNG_SIGNATURE];
  while (from + 12 <= bytes.length) {
    const type = String.fromCharCode(...bytes.subarray(from + 4, from + 8));
    const next = Math.min(bytes.length, from + 12 + view.getUint32(from));
    if (PNG_CHUNKS.has(type)) {
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
  let [from, to] = [2, 2];
  const keep = (end: number) => {
    bytes.copyWithin(to, from, end);
    to += end - from;
    from = end;
  };
  while (from + 4 <= bytes.length) {
    const marker = bytes[from + 1]!;
    if (bytes[from] !== 0xff || marker === 0 || marker === 0xff) {
      from++;
      continue;
    }
    if (marker === START_OF_SCAN || marker === END_OF_IMAGE) break;
    const size = standsAlone(marker) ? 2 : 2 + ((bytes[from + 2]! << 8) | bytes[from + 3]!);
    keep(Math.min(bytes.length, from + size));
  }
  keep(bytes.length);
  return bytes.subarray(0, to);
}
