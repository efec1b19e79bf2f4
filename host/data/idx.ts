import { lstat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { constants, gunzipSync } from 'node:zlib';
import { type Dataset, type Shape, SpikeletError, type Split } from '../../models/index.js';
import { printable } from '../system/printable.js';
import { checkDataset, type SplitNames } from './check.js';
import { EMNIST_TURNED, emnistSet } from './emnist.js';
import { findIdxFiles } from './idx-files.js';
import { readLabels } from './labels.js';
import { readBounded } from './read.js';
import { channelStatistics } from './statistics.js';

/** A u8 array in IDX form: sizes of its dimensions, and its bytes in row-major order. */
export type Idx = { shape: number[]; data: Uint8Array };

/** Largest file, and largest total content of a data set: EMNIST's largest, ByClass, has 640 MB. */
const MAX_BYTES = 2 ** 30;

/** Most labels, twenty times those of EMNIST; they take three bytes each. */
const MAX_LABELS = 2 ** 24;

/**
 * A gzipped file whose content is larger than this must itself be more than a hundredth of it, as images are.
 */
const MAX_EMPTY_BYTES = 2 ** 26;
const MAX_IMAGE_RATIO = 100;

/** Bytes of a gzipped file that surely hold the start of the content. */
const PEEK = 4096;

/** Deflate cannot compress more than this. */
const MAX_RATIO = 1032;

/** The element types and ranks that a caller accepts, and the hint for a file with others. */
type Wanted = { types: number[]; ranks: number[]; hint: string };

const wanted = (rank: 1 | 3): Wanted => ({
  types: [U8],
  ranks: [rank],
  hint: `expected u8 ${rank === 3 ? 'images, IDX with 3 dimensions' : 'labels, IDX with 1 dimension'}: first bytes 0 0 8 ${rank}`,
});

/**
 * Parses an IDX file of u8 (yann.lecun.com/exdb/mnist): 0, 0, 8, rank, then a big-endian u32 per dimension,
 * then the bytes. Gzip is recognised by its magic bytes. The header must account for every byte of the file,
 * and nothing is inflated beyond the size that it gives.
 * @param bytes the file; without gzip the result is a view into it.
 * @param name what errors call the file.
 * @param rank dimensions wanted: 3 for images, 1 for labels.
 * @param maxBytes of its content.
 * @throws SpikeletError for anything else.
 */
export function parseIdx(bytes: Uint8Array, name: string, rank: 1 | 3, maxBytes = MAX_BYTES): Idx {
  const { shape, content } = openIdx(bytes, name, wanted(rank), maxBytes);
  return { shape, data: content };
}

export type IdxData = Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;

/** An IDX file of any type, row-major. */
export type IdxArray = { shape: number[]; type: 'u8' | 'i8' | 'i16' | 'i32' | 'f32' | 'f64'; data: IdxData };

/**
 * Parses an IDX file of 1 to 4 dimensions and any of the six types, as strictly as `parseIdx`.
 * @throws SpikeletError for everything else.
 */
export function readIdx(bytes: Uint8Array, name: string, maxBytes = MAX_BYTES): IdxArray {
  return readWanted(bytes, name, ANY, maxBytes);
}

function readWanted(bytes: Uint8Array, name: string, taken: Wanted, maxBytes: number): IdxArray {
  const { type: code, shape, content } = openIdx(bytes, name, taken, maxBytes);
  const { type, size, make, read } = elements[code]!;
  if (!make) return { shape, type, data: content };
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const data = make(content.length / size);
  for (let i = 0; i < data.length; i++) data[i] = read(view, i * size);
  return { shape, type, data };
}

/** Type, shape and the bytes behind the header, inflated. */
function openIdx(
  bytes: Uint8Array,
  name: string,
  taken: Wanted,
  maxBytes: number,
): { type: number; shape: number[]; content: Uint8Array } {
  const gzipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const { type, shape } = parseHeader(gzipped ? inflateStart(bytes, name) : bytes, name, taken);
  const offset = headerSize(shape.length);
  const each = elements[type]!.size;
  const size = shape.reduce((a, b) => a * b, each);
  const announced = `its header announces ${shape.join(' x ')}${each > 1 ? ` values of ${each}` : ''} bytes`;
  if (offset + size > bytes.length * (gzipped ? MAX_RATIO : 1))
    throw new SpikeletError(`${name}: ${announced}, more than the file can hold`, { hint: CUT });
  if (offset + size > maxBytes)
    throw new SpikeletError(`${name}: ${announced}, the limit is ${maxBytes}`, { hint: FEWER });
  if (gzipped && size > Math.max(MAX_EMPTY_BYTES, bytes.length * MAX_IMAGE_RATIO))
    throw new SpikeletError(
      `${name}: ${announced}, but ${bytes.length} gzipped bytes cannot hold that many images`,
      {
        hint: 'is this the right file? If it is, unpack it first',
      },
    );
  const content = gzipped ? inflate(bytes, offset + size, `${name}: ${announced}`) : bytes;
  if (content.length !== offset + size)
    throw new SpikeletError(`${name}: ${announced}, but ${content.length - offset} follow`, { hint: CUT });
  return { type, shape, content: new Uint8Array(content.buffer, content.byteOffset + offset, size) };
}

const CUT = 'the file is truncated or damaged: download it again';

const FEWER = 'use fewer images';

const headerSize = (rank: number): number => 4 + 4 * rank;

type Element = {
  type: IdxArray['type'];
  what: string;
  size: number;
  /** Absent where the file's bytes are the values. */
  make?: (length: number) => IdxData;
  read: (view: DataView, at: number) => number;
};

const U8 = 8;

/** Types of elements by their number in the header; big-endian. */
const elements: Record<number, Element> = {
  [U8]: { type: 'u8', what: 'bytes', size: 1, read: (v, at) => v.getUint8(at) },
  9: {
    type: 'i8',
    what: 'signed bytes',
    size: 1,
    make: (n) => new Int8Array(n),
    read: (v, at) => v.getInt8(at),
  },
  11: {
    type: 'i16',
    what: '16-bit integers',
    size: 2,
    make: (n) => new Int16Array(n),
    read: (v, at) => v.getInt16(at),
  },
  12: {
    type: 'i32',
    what: '32-bit integers',
    size: 4,
    make: (n) => new Int32Array(n),
    read: (v, at) => v.getInt32(at),
  },
  13: {
    type: 'f32',
    what: 'floats',
    size: 4,
    make: (n) => new Float32Array(n),
    read: (v, at) => v.getFloat32(at),
  },
  14: {
    type: 'f64',
    what: 'doubles',
    size: 8,
    make: (n) => new Float64Array(n),
    read: (v, at) => v.getFloat64(at),
  },
};

const ANY: Wanted = {
  types: [U8, 9, 11, 12, 13, 14],
  ranks: [1, 2, 3, 4],
  hint: 'expected IDX of 1 to 4 dimensions: first bytes 0 0 TYPE RANK, with type 8, 9, 11, 12, 13 or 14',
};

/** Images in a folder: vectors, one channel, or several. */
const IMAGES: Wanted = {
  types: [U8],
  ranks: [2, 3, 4],
  hint: 'expected u8 images, IDX with 3 dimensions: first bytes 0 0 8 3; or 2 of vectors, 4 with channels',
};
const LABELS: Wanted = {
  types: [U8, 9, 11, 12],
  ranks: [1],
  hint: 'expected u8 labels, IDX with 1 dimension: first bytes 0 0 8 1; or larger integers, 9, 11 or 12',
};

/** What a file is instead of IDX u8 of the wanted rank, if its first bytes tell. */
function mistaken(start: Uint8Array): string {
  const text = String.fromCharCode(...start.subarray(0, 24));
  const [a, b, type = 0, rank] = start;
  if (text.startsWith('PK')) return ': a zip archive';
  if (text.startsWith('\x1f\x8b')) return ': gzipped twice';
  if (text.startsWith('version https://git-lfs')) return ': a Git LFS pointer, not the file itself';
  if (/^\s*</.test(text)) return ': a web page, not the file itself';
  if (a || b) return '';
  if (type !== U8 && Object.hasOwn(elements, type)) return `: IDX of ${elements[type]!.what}`;
  return type !== U8
    ? ''
    : rank === 1
      ? ': IDX of labels'
      : rank === 3
        ? ': IDX of images'
        : `: IDX with ${rank} dimensions`;
}

function parseHeader(
  start: Uint8Array,
  name: string,
  { types, ranks, hint }: Wanted,
): { type: number; shape: number[] } {
  const [a, b, type = 0, rank = 0] = start;
  if (start.length >= 4 && (a !== 0 || b !== 0 || !types.includes(type) || !ranks.includes(rank)))
    throw new SpikeletError(`${name}: begins with ${start.subarray(0, 4).join(' ')}${mistaken(start)}`, {
      hint,
    });
  if (start.length < headerSize(rank))
    throw new SpikeletError(`${name}: ${start.length} bytes are too few for an IDX header`, { hint });
  const view = new DataView(start.buffer, start.byteOffset);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  if (shape.includes(0))
    throw new SpikeletError(`${name}: its header announces ${shape.join(' x ')}, so it is empty`, {
      hint: 'a dataset needs training and test images',
    });
  return { type, shape };
}

function inflateStart(bytes: Uint8Array, name: string): Uint8Array {
  try {
    // Z_SYNC_FLUSH: an incomplete stream is not an error here.
    return gunzipSync(bytes.subarray(0, PEEK), {
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: 2 * PEEK * MAX_RATIO,
    });
  } catch (cause) {
    throw new SpikeletError(`${name}: gzip: ${(cause as Error).message}`, { hint: CUT, cause });
  }
}

function inflate(bytes: Uint8Array, size: number, what: string): Uint8Array {
  try {
    // One chunk for everything: otherwise zlib collects small ones and joins them, which takes twice the
    // memory.
    return gunzipSync(bytes, { maxOutputLength: size, chunkSize: size + 64 });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const why = code === 'ERR_BUFFER_TOO_LARGE' ? 'but more follow' : `gzip: ${message}`;
    throw new SpikeletError(`${what}, ${why}`, { hint: CUT, cause });
  }
}

/** What is known about a folder beyond its images. */
export type IdxFacts = {
  name: string;
  classes?: string[];
  mean?: number[];
  std?: number[];
  /** What the files' prefix must match, if they have one. */
  set?: RegExp;
};

/**
 * A folder of IDX files (`findIdxFiles`) as a Dataset: images of one channel or several, or vectors. Without
 * `facts.classes` the classes are those of a labels.txt, of the EMNIST set that the files are from, or
 * 0..largest label; mean and std default to those of the training images.
 * @param log told which of two files is read, and what is special about EMNIST.
 * @throws SpikeletError naming the file that is missing, damaged or does not match.
 */
export async function readIdxFolder(
  folder: string,
  facts: IdxFacts,
  log?: (line: string) => void,
): Promise<Dataset> {
  const { set, paths } = await findIdxFiles(folder, log);
  if (set && facts.set && !facts.set.test(set))
    throw new SpikeletError(`${folder} holds ${printable(set)}, not ${facts.name}`, {
      hint: `its classes differ: use idx=${printable(folder)}`,
    });
  const train = await readSplit(paths.trainImages, paths.trainLabels, MAX_BYTES, log);
  const left = MAX_BYTES - train.split.images.length;
  const test = await readSplit(paths.testImages, paths.testLabels, left);
  if (String(train.shape) !== String(test.shape))
    throw new SpikeletError(
      `${test.images}: images are [${test.shape}], but those of ${train.images} are [${train.shape}]`,
      { hint: 'are these files from one dataset?' },
    );
  const names: SplitNames = { train: train.labels, test: test.labels };
  if (set.startsWith('emnist')) log?.(`${folder}: ${EMNIST_TURNED}`);
  const classes =
    facts.classes ??
    (await namedClasses(dirname(paths.trainImages), set, log)) ??
    classesOf(set, [train.split, test.split], (line) => log?.(`${folder}: ${line}`));
  const statistics = channelStatistics(train.split.images, train.shape[2]);
  const dataset: Dataset = {
    name: facts.name,
    shape: train.shape,
    classes,
    mean: facts.mean ?? statistics.mean,
    std: facts.std ?? statistics.std,
    train: train.split,
    test: test.split,
  };
  return checkDataset(dataset, names);
}

/** Class names from SET-labels.txt or labels.txt in the same folder, one per line in label order; undefined without either file. */
async function namedClasses(
  place: string,
  set: string,
  log?: (line: string) => void,
): Promise<string[] | undefined> {
  for (const file of [...(set ? [`${set}-labels.txt`] : []), 'labels.txt']) {
    const path = join(place, file);
    if (!(await lstat(path).catch(() => undefined))) continue;
    const names = (await readLabels(path)).map(({ name }) => name);
    log?.(`${path} names the ${names.length} classes`);
    return names;
  }
  return undefined;
}

/**
 * The classes of the EMNIST set if the labels match it exactly; otherwise 0..largest label. Labels of a set
 * that counts from 1 are shifted to count from 0.
 */
function classesOf(set: string, splits: Split[], log: (line: string) => void): string[] {
  let [smallest, largest] = [65535, 0];
  for (const { labels } of splits)
    for (const label of labels) {
      if (label < smallest) smallest = label;
      if (label > largest) largest = label;
    }
  const emnist = emnistSet(set);
  if (!emnist || smallest !== emnist.first || largest - emnist.first + 1 !== emnist.classes.length)
    return Array.from({ length: largest + 1 }, (_, label) => String(label));
  const { first, classes } = emnist;
  if (first) {
    log(`its labels count from ${first}: label ${first} is class 0, ${classes[0]}`);
    for (const { labels } of splits) for (let i = 0; i < labels.length; i++) labels[i]! -= first;
  }
  return classes;
}

async function readSplit(
  images: string,
  labels: string,
  maxBytes: number,
  log?: (line: string) => void,
): Promise<{ split: Split; shape: Shape; images: string; labels: string }> {
  const { shape: sizes, content } = openIdx(await readFile(images), images, IMAGES, maxBytes);
  const { shape: counts, data } = readWanted(await readFile(labels), labels, LABELS, 4 * MAX_LABELS);
  const [count] = sizes as [number];
  if (counts[0] !== count)
    throw new SpikeletError(`${labels}: ${counts[0]} labels for the ${count} images of ${images}`, {
      hint: 'are these files from one dataset?',
    });
  const wrong = data.findIndex((label) => label < 0 || label > 65535);
  if (wrong >= 0)
    throw new SpikeletError(`${labels}: image ${wrong} has label ${data[wrong]}`, {
      hint: 'labels count from 0 without gaps, at most to 65535',
    });
  const { shape, pixels } = channelsLast(sizes, content, images, log);
  return { split: { count, images: pixels, labels: Uint16Array.from(data) }, shape, images, labels };
}

/** An image has at most this many channels. If the first and the last size both fit, the order is ambiguous. */
const MAX_CHANNELS = 4;

/** Images as [row][column][channel]. A vector becomes one row; two dimensions have one channel; of three, channels may come first or last. */
function channelsLast(
  [count = 0, ...sizes]: number[],
  content: Uint8Array,
  name: string,
  log?: (line: string) => void,
): { shape: Shape; pixels: Uint8Array } {
  const [a, b, c] = sizes as [number, number | undefined, number | undefined];
  if (b === undefined) return { shape: [1, a, 1], pixels: content };
  if (c === undefined) return { shape: [a, b, 1], pixels: content };
  const [first, last] = [a <= MAX_CHANNELS, c <= MAX_CHANNELS];
  if (first === last)
    throw new SpikeletError(
      `${name}: of images of ${sizes.join(' x ')}, ${first ? 'the first size or the last' : 'neither the first size nor the last'} could be the channels`,
      { hint: `save them as [image][row][column][channel], of 1..${MAX_CHANNELS} channels and more rows` },
    );
  if (last) return { shape: [a, b, c], pixels: content };
  log?.(`${name}: images of ${sizes.join(' x ')} are taken as [channel][row][column]`);
  const pixels = new Uint8Array(content.length);
  const plane = b * c;
  for (let image = 0, to = 0; image < count; image++)
    for (let pixel = 0; pixel < plane; pixel++)
      for (let channel = 0; channel < a; channel++)
        pixels[to++] = content[(image * a + channel) * plane + pixel]!;
  return { shape: [b, c, a], pixels };
}

const readFile = (path: string): Promise<Uint8Array> =>
  readBounded(path, { maxBytes: MAX_BYTES, what: 'an IDX file', tooLarge: FEWER });
