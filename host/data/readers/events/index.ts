import { mistakenFor, refusalOf } from '../../../system/refusal.js';
import { readAedat2 } from './aedat2.js';
import { readAedat3 } from './aedat3.js';
import { readAedat4 } from './aedat4.js';
import { type ArrayOptions, readArrayEvents } from './arrays.js';
import { type Events, type Order, ordered } from './events.js';
import { readNmnist } from './nmnist.js';
import { readDat, readRaw } from './prophesee.js';

export type { Events } from './events.js';

/** A format of recordings: whether a file is of it, by its first bytes or, where they say nothing, by its name. */
export type EventFormat = {
  name: string;
  is: (start: string, name: string) => boolean;
  read: (bytes: Uint8Array, name: string, options: ArrayOptions) => Events;
};

/** Every format that is read; the first that fits is taken. */
export const eventFormats: EventFormat[] = [
  { name: 'AEDAT 2.0', is: (start) => start.startsWith('#!AER-DAT2.'), read: readAedat2 },
  { name: 'AEDAT 3.1', is: (start) => start.startsWith('#!AER-DAT3.'), read: readAedat3 },
  { name: 'AEDAT 4.0', is: (start) => start.startsWith('#!AER-DAT4.'), read: readAedat4 },
  {
    name: 'Prophesee .raw',
    is: (start) => start.startsWith('%') && /^% (evt|format) /m.test(start),
    read: readRaw,
  },
  {
    name: 'Prophesee .dat',
    is: (start) => /^% ?(Data file|Version|Date|Height|Width)/.test(start),
    read: readDat,
  },
  {
    name: 'numpy',
    is: (start) => start.startsWith('\x93NUMPY') || start.startsWith('PK\x03\x04'),
    read: readArrayEvents,
  },
  { name: 'N-MNIST', is: (start, name) => /\.(bin|bs2)$/i.test(name) && !mistaken(start), read: readNmnist },
];

const mistaken = (start: string): boolean =>
  mistakenFor(Uint8Array.from(start, (c) => c.charCodeAt(0))) !== '';

/** Formats that are not read, and what converts them. */
const others: [sign: string, what: string, hint: string][] = [
  [
    '\x89HDF\r\n\x1a\n',
    'it is HDF5, which holds many recordings or is of another camera',
    'of HDF5, SHD and SSC are read, each file as a data set; convert others: np.savez(PATH, t=t, x=x, y=y, p=p) of what h5py reads',
  ],
];

/** Bytes of a file that tell its format: a header of some lines. */
export const EVENT_START = 4096;

export const startOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, EVENT_START)).toString('latin1');

export const eventFormatOf = (bytes: Uint8Array, name: string): EventFormat | undefined =>
  eventFormats.find(({ is }) => is(startOf(bytes), name));

/**
 * Reads a recording of an event camera, whatever its format. Its events are in the order of their times.
 * @param name what errors call the file; its ending tells .bin and .bs2, which have no header.
 * @throws SpikeletError for an unknown format, a damaged file, or events out of order unless `order` is 'sort'.
 */
export function readEvents(
  bytes: Uint8Array,
  name: string,
  options: ArrayOptions & { order?: Order } = {},
): { format: string; events: Events; moved: number } {
  const format = eventFormatOf(bytes, name);
  const refuse = refusalOf(name);
  if (!format) {
    const start = startOf(bytes);
    const other = others.find(([sign]) => start.startsWith(sign));
    if (other) return refuse(other[1], other[2]);
    const instead = mistakenFor(bytes);
    return refuse(
      `it is not a recording of events${instead && `: ${instead}`}`,
      `read are: ${eventFormats.map(({ name }) => name).join(', ')} (.bin and .bs2)`,
    );
  }
  return {
    format: format.name,
    ...ordered(format.read(bytes, name, options), options.order ?? 'refuse', name),
  };
}
