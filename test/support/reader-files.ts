import { readIdx } from '../../host/data/idx.js';
import { readCsv } from '../../host/data/readers/csv.js';
import { readEvents } from '../../host/data/readers/events/index.js';
import { arrayOf, openNpz, readNpy, readNpyFields } from '../../host/data/readers/npy.js';
import { readWav } from '../../host/data/readers/wav.js';
import { aedat4, frame, nmnist, raw, someEvents, words } from './event-files.js';
import { headerOf, npy, zip } from './npy-files.js';
import { fmt, pcm, riff } from './wav-files.js';

/** A reader of files, good ones of its kind, and what it makes of one, in short. */
export type ReaderFiles = { name: string; originals: Uint8Array[]; read: (bytes: Uint8Array) => string };

const few = someEvents.slice(0, 20);
const float = new Uint8Array(Float32Array.from({ length: 64 }, (_, i) => i / 64).buffer);
const array = npy(headerOf("'|u1'", '(3,)'), Uint8Array.of(1, 2, 3));
const turned = npy(headerOf("'>f4'", '(2, 3)', 'True'), new Uint8Array(24), 2);
const fields = npy(
  headerOf("[('t', '<i4'), ('x', '|u1'), ('y', '|u1'), ('p', '|b1')]", '(2,)'),
  Uint8Array.of(5, 0, 0, 0, 1, 2, 1, 6, 0, 0, 0, 3, 4, 0),
);
const idx = Uint8Array.of(0, 0, 11, 2, 0, 0, 0, 2, 0, 0, 0, 2, 0, 1, 0, 2, 0, 3, 255, 255);

const wav = (bytes: Uint8Array): string => {
  const { rate, channels, frames, coding } = readWav(bytes, 'f');
  return `${rate} ${channels} ${frames} ${coding}`;
};
const csv = (bytes: Uint8Array): string => {
  const { rows, columns, header, missing } = readCsv(bytes, 'f', { missing: 'keep' });
  return `${rows} ${columns.length} ${header} ${missing}`;
};
const events = (bytes: Uint8Array): string => {
  const { format, events, moved } = readEvents(bytes, 'f.bin', { order: 'sort' });
  return `${format} ${events.t.length} ${moved} ${events.t[0]}`;
};

const recordings: Record<string, Uint8Array[]> = {
  'N-MNIST': [nmnist(...few)],
  'AEDAT 2': [raw('#!AER-DAT2.0\r\n# made\r\n', Buffer.from(words(4, 0x4c83, 1, 0x1953, 2).swap32()))],
  'AEDAT 3': [
    raw('#!AER-DAT3.1\r\n#!END-HEADER\r\n', words(4, 1, 8, 4, 0, 2, 2, 2, 0x01980007, 1, 0x00a70005, 2)),
  ],
  'AEDAT 4': [aedat4(few, 0, (p) => p), aedat4(few, 1, (p) => frame(Buffer.from(p), { stored: true }))],
  'EVT 2': [raw('% evt 2.0\n% geometry 128x128\n% end\n', words(4, 0x80000001, 0x10000803, 0x00401005))],
  'EVT 3': [
    raw('% evt 3.0\n% geometry 128x128\n% end\n', words(2, 0x8001, 0x6002, 0x0005, 0x3810, 0x4801, 0x5003)),
  ],
  '.dat': [
    raw('% Version 2\n% Height 128\n% Width 128\n', Buffer.concat([Buffer.of(0, 8), words(4, 5, 70, 6, 80)])),
  ],
  'fields of numpy': [fields, zip([['events.npy', fields]])],
};

const tables = ['a,b,label\n1,2.5,x\n3,4,"y, z"\n', '1;2,5\n3;4\n', '33,Jog,1,2;\n34,Walk,3,4;5,Sit,5,6;\n'];

/** Every reader of data files. */
export const readerFiles: ReaderFiles[] = [
  {
    name: 'WAV',
    originals: [
      riff([fmt(1, 1, 16), pcm(1, -2, 300)]),
      riff([['LIST', Buffer.from('INFOISFT')], fmt(3, 2, 32), ['data', float]]),
      riff([fmt(6, 1, 8), pcm(1, 2, 3)], 'RIFX'),
    ],
    read: wav,
  },
  { name: 'CSV', originals: tables.map((text) => new Uint8Array(Buffer.from(text))), read: csv },
  { name: 'npy', originals: [array, turned], read: (bytes) => `${readNpy(bytes, 'f').shape}` },
  { name: 'npy of fields', originals: [fields], read: (bytes) => `${readNpyFields(bytes, 'f').rows}` },
  {
    name: 'npz',
    originals: [
      zip([
        ['x.npy', array],
        ['y.npy', turned],
      ]),
      zip([['x.npy', array]], false),
    ],
    read(bytes) {
      const arrays = openNpz(bytes, 'f');
      return [...arrays.keys()].map((key) => `${key} ${arrayOf(arrays, key, 'f').shape}`).join();
    },
  },
  { name: 'IDX of any type', originals: [idx], read: (bytes) => `${readIdx(bytes, 'f').shape}` },
  ...Object.entries(recordings).map(([kind, originals]) => ({
    name: `events: ${kind}`,
    originals,
    read: events,
  })),
];
