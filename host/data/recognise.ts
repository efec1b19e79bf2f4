import { constants } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { SpikeletError } from '../../models/error.js';
import { reasonOf } from '../system/files.js';
import { isHdf5 } from '../system/hdf5/objects.js';
import { listed, printable } from '../system/printable.js';
import { mistakenFor } from '../system/refusal.js';
import { isZip } from '../system/zip.js';
import { formatOf, isRead } from './format.js';
import { listFiles } from './listing.js';
import { looksLikeCsv } from './readers/csv-layout.js';
import { nameEvents } from './readers/events/arrays.js';
import { eventFormatOf } from './readers/events/index.js';

/** The sources that a path can be taken for. */
export type SourceName = 'images' | 'wav' | 'csv' | 'npy' | 'npz' | 'idx' | 'events';

/** What one file is, and what it is called in a sentence: `16-bit WAV`, `AEDAT 4.0`. */
export type Kind = { source: SourceName; format: string };

/** What is at a path; `sentence` says what it was taken for, and why. */
export type Recognised = {
  source: SourceName;
  format: string;
  sentence: string;
  /** Of a folder: the files of that source, relative to it, sorted. */
  files?: string[];
};

/** Bytes of a file that are looked at. */
const START = 4096;

/** Of an archive, the last bytes, which list what is in it. */
const END = 2 ** 16;

type Sign = {
  source: SourceName;
  format: (start: Uint8Array, name: string, end: Uint8Array) => string | undefined;
};

const latin1 = (start: Uint8Array, from = 0, to = START): string =>
  Buffer.from(start.subarray(from, to)).toString('latin1');

/** What tells each source, by content; only N-MNIST's files have to be told by their names. The first is taken. */
const signs: Sign[] = [
  {
    source: 'wav',
    format: (start) =>
      /^(RIFF|RIFX|RF64|BW64)/.test(latin1(start)) && latin1(start, 8, 12) === 'WAVE' ? 'WAV' : undefined,
  },
  {
    source: 'images',
    format: (start) => {
      const format = formatOf(start);
      return isRead(format) ? format.toUpperCase() : undefined;
    },
  },
  {
    source: 'events',
    format: (start, name, end) => {
      if (isHdf5(start))
        return ['spikes\0', 'labels\0'].every((group) => latin1(start).includes(group))
          ? 'SHD or SSC'
          : undefined;
      const format = eventFormatOf(start, name);
      // Of numpy's files only those that name t, x, y and p are events.
      if (format?.name === 'numpy' && !holdsEvents(start, end)) return undefined;
      return format?.name === 'N-MNIST' && !inOrder(start) ? undefined : format?.name;
    },
  },
  { source: 'npy', format: (start) => (latin1(start).startsWith('\x93NUMPY') ? '.npy' : undefined) },
  {
    source: 'npz',
    format: (start, _, end) => (isZip(start) && arraysIn(end).length ? '.npz' : undefined),
  },
  { source: 'idx', format: idxFormat },
  { source: 'csv', format: csvFormat },
];

/** Whether records of 5 bytes have times that never fall but where the clock starts again. */
function inOrder(start: Uint8Array): boolean {
  let last = 0;
  for (let at = 0; at + 5 <= start.length; at += 5) {
    const time = ((start[at + 2]! & 127) << 16) | (start[at + 3]! << 8) | start[at + 4]!;
    if (start[at + 1] === 240) last = 0;
    else if (time < last) return false;
    else last = time;
  }
  return true;
}

/** Names of the arrays that a .npz lists in its directory. */
const arraysIn = (end: Uint8Array): string[] =>
  latin1(end, 0, END)
    .split('PK\x01\x02')
    .slice(1)
    .flatMap((entry) => /^.{42}(.{1,200}?)\.npy/s.exec(entry)?.[1] ?? []);

/** Whether the fields of a .npy, or the arrays of a .npz, are those of events. */
function holdsEvents(start: Uint8Array, end: Uint8Array): boolean {
  if (isZip(start)) return nameEvents(arraysIn(end));
  return nameEvents([...latin1(start).matchAll(/\('(\w{1,20})', '[<>|][a-z]\d'/g)].map(([, name]) => name!));
}

function idxFormat(start: Uint8Array, name: string): string | undefined {
  const [a, b, type = 0, rank = 0] = start;
  if (a === 0 && b === 0 && [8, 9, 11, 12, 13, 14].includes(type) && rank >= 1 && rank <= 4)
    return `IDX of ${rank} dimension${rank > 1 ? 's' : ''}`;
  return a === 0x1f && b === 0x8b && /(images|labels)([-_. ]idx\d?([-_. ]\w+)?)?\.gz$/i.test(name)
    ? 'IDX in gzip'
    : undefined;
}

/** Tables have endings, or their lines look like one. */
function csvFormat(start: Uint8Array, name: string): string | undefined {
  const text = textOf(start);
  if (text === undefined) return undefined;
  if (/\.(csv|tsv)$/i.test(name)) return 'CSV';
  return /\.(txt|dat|data)$/i.test(name) && looksLikeCsv(text) ? 'CSV' : undefined;
}

function textOf(start: Uint8Array): string | undefined {
  const utf16 = (start[0] === 0xff && start[1] === 0xfe) || (start[0] === 0xfe && start[1] === 0xff);
  if (!start.length || (start.includes(0) && !utf16)) return undefined;
  return new TextDecoder(utf16 ? (start[0] === 0xff ? 'utf-16le' : 'utf-16be') : 'utf-8').decode(start);
}

/** What a file is by its first bytes, of an archive by its last ones too, and where they say nothing by its name. */
export function kindOf(start: Uint8Array, name: string, end = start): Kind | undefined {
  for (const { source, format } of signs) {
    const found = format(start, name, end);
    if (found !== undefined) return { source, format: found };
  }
  return undefined;
}

/** What a regular file is, and its first bytes. */
async function inspect(path: string): Promise<{ kind: Kind | undefined; start: Uint8Array }> {
  const failed = (cause: unknown): never => {
    throw new SpikeletError(`cannot read ${path}: ${reasonOf(cause)}`, { hint: 'check the path', cause });
  };
  // Without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch(failed);
  try {
    const info = await file.stat();
    if (!info.isFile())
      throw new SpikeletError(`${path} is not a regular file`, { hint: 'name a file or a folder of data' });
    const read = async (length: number, at: number) => {
      const { bytesRead, buffer } = await file.read(new Uint8Array(length), 0, length, at).catch(failed);
      return buffer.subarray(0, bytesRead);
    };
    const start = await read(START, 0);
    const end = isZip(start) ? await read(END, Math.max(0, info.size - END)) : start;
    return { kind: kindOf(start, basename(path), end), start };
  } finally {
    await file.close();
  }
}

const SOURCES =
  'images=DIR, wav=DIR, csv=PATH, npy=PATH, npz=PATH, idx=DIR, events=DIR are sources: name one of them';

/**
 * Recognises a file or a folder by its content.
 * @throws SpikeletError if no source reads it, naming the format if it is known; and for a folder with files of several
 * sources, with the number of each.
 */
export async function recognise(path: string): Promise<Recognised> {
  const info = await stat(path).catch((cause) => {
    throw new SpikeletError(`cannot read ${path}: ${reasonOf(cause)}`, { hint: 'check the path', cause });
  });
  return info.isDirectory() ? recogniseFolder(path) : recogniseFile(path);
}

async function recogniseFile(path: string): Promise<Recognised> {
  const { kind, start } = await inspect(path);
  if (kind) return { ...kind, sentence: `${path} is taken for ${kind.source}: ${kind.format}` };
  const instead = mistakenFor(start) || otherImage(start);
  throw new SpikeletError(`${path}: no source reads it${instead && `: ${instead}`}`, { hint: SOURCES });
}

const otherImage = (start: Uint8Array): string => {
  const format = formatOf(start);
  return format ? `it is ${format}, an image format that is not read` : '';
};

/** Files of one ending and place that are looked at: the first, the last, and some between them. */
const LOOKED_AT = 8;

/** Tables that are at most this share of the other files describe them: lists, labels, notes. */
const COMPANIONS = 0.1;

type Found = { kind: Kind; files: string[] };

async function recogniseFolder(folder: string): Promise<Recognised> {
  const all = await listFiles(folder);
  const found = new Map<SourceName, Found>();
  const unknown = new Map<string, number>();
  for (const [ending, files] of byEnding(all)) {
    const kind = await commonKind(folder, files, ending);
    if (!kind) {
      unknown.set(ending || 'without an ending', files.length);
      continue;
    }
    const same = found.get(kind.source);
    if (same) same.files.push(...files);
    else found.set(kind.source, { kind, files: [...files] });
  }
  const [first, ...others] = [...found.values()].sort((a, b) => b.files.length - a.files.length);
  if (!first) throw nothing(folder, unknown);
  const rivals = others.filter(
    ({ kind, files }) => kind.source !== 'csv' || files.length > COMPANIONS * first.files.length,
  );
  if (rivals.length)
    throw new SpikeletError(
      `${folder} holds ${listed([first, ...rivals].map(({ kind, files }) => `${files.length} of ${kind.source} (${kind.format})`))}`,
      {
        hint: `say which: ${first.kind.source}=${printable(folder)} or ${rivals[0]!.kind.source}=${printable(folder)}`,
      },
    );
  const { kind, files } = first;
  files.sort();
  const also = [...others.map(({ files, kind }) => `${files.length} ${kind.format}`), ...passed(unknown)];
  const sentence =
    `${folder} is taken for ${kind.source}: ${files.length} file${files.length > 1 ? 's' : ''}, ${kind.format}, ` +
    `${placeOf(files)}${also.length ? `; also there: ${listed(also)}` : ''}`;
  return { ...kind, sentence, files };
}

const passed = (unknown: Map<string, number>): string[] =>
  [...unknown].map(([ending, count]) => `${count} ${printable(ending)}`);

function nothing(folder: string, unknown: Map<string, number>): SpikeletError {
  const there = unknown.size ? `: ${listed(passed(unknown))}` : ': it is empty';
  return new SpikeletError(`${folder} holds nothing that a source reads${there}`, { hint: SOURCES });
}

function byEnding(files: string[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const file of files) {
    const ending = extname(file).toLowerCase();
    // IDX files end in anything: -ubyte, .idx3-ubyte.
    const key = ending.length > 10 ? '' : ending;
    const same = found.get(key);
    if (same) same.push(file);
    else found.set(key, [file]);
  }
  return found;
}

/** What some files of one ending are, where they are all of one source; undefined where none is of any. */
async function commonKind(folder: string, files: string[], ending: string): Promise<Kind | undefined> {
  const step = Math.max(1, Math.floor(files.length / LOOKED_AT));
  const some = files.filter((_, i) => i % step === 0 || i === files.length - 1);
  let common: { kind: Kind; file: string } | undefined;
  for (const file of some) {
    const { kind } = await inspect(join(folder, file));
    if (!kind) continue;
    if (common && common.kind.source !== kind.source)
      throw new SpikeletError(
        `${folder}: of its files ${printable(ending) || 'without an ending'}, ${printable(common.file)} is ${common.kind.format} (${common.kind.source}) and ${printable(file)} is ${kind.format} (${kind.source})`,
        { hint: 'put them into folders of their own, or name the source' },
      );
    common ??= { kind, file };
  }
  return common?.kind;
}

/** Where the files are: directly in the folder, or in which folders of it. */
function placeOf(files: string[]): string {
  const tops = [
    ...new Set(files.map((file) => (file.includes('/') ? file.slice(0, file.indexOf('/')) : ''))),
  ];
  if (tops.length === 1 && tops[0] === '') return 'directly in it';
  const named = tops.filter((top) => top !== '');
  const direct = named.length < tops.length ? ', some directly in it' : '';
  return `in ${named.length} folder${named.length > 1 ? 's' : ''}: ${listed(named.map(printable))}${direct}`;
}
