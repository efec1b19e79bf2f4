import { SpikeletError } from '../../models/error.js';

/** Refuses a file: says why, and what to do about it. */
export type Refuse = (why: string, hint: string) => never;

/** What refuses the file `name`, for a reader of it. */
export const refusalOf =
  (name: string): Refuse =>
  (why, hint) => {
    throw new SpikeletError(`${name}: ${why}`, { hint });
  };

/** What a file that is not of the wanted format is instead, where its first bytes tell; else ''. */
export function mistakenFor(start: Uint8Array): string {
  if (start.length === 0) return 'it is empty';
  const text = String.fromCharCode(...start.subarray(0, 64));
  if (/^\s*<(!doctype|html)/i.test(text)) return 'it is a web page, not the file itself';
  return SIGNS.find(([sign]) => text.startsWith(sign))?.[1] ?? '';
}

/** What files begin with, as Latin-1, and what they are. */
const SIGNS: [sign: string, what: string][] = [
  ['PK\x03\x04', 'it is a zip archive'],
  ['\x1f\x8b', 'it is gzipped'],
  ['\x89PNG', 'it is a PNG image'],
  ['\xff\xd8\xff', 'it is a JPEG image'],
  ['RIFF', 'it is a RIFF file, perhaps of sound'],
  ['OggS', 'it is an Ogg file'],
  ['fLaC', 'it is a FLAC file'],
  ['ID3\x03', 'it is an MP3 file'],
  ['ID3\x04', 'it is an MP3 file'],
  ['\xff\xfb', 'it is an MP3 file'],
  ['\x93NUMPY', 'it is a .npy array'],
  ['\x89HDF\r\n\x1a\n', 'it is an HDF5 file'],
  ['#!AER-DAT', 'it is an AEDAT recording'],
  ['version https://git-lfs', 'it is a pointer of Git LFS, not the file itself'],
];
