import { constants, gunzipSync } from 'node:zlib';
import { type Dataset, type Shape, SpikeletError, type Split } from '../../models/index.js';
import { printable } from '../system/printable.js';
import { checkDataset, type SplitNames } from './check.js';
import { EMNIST_TURNED, emnistSet } from './emnist.js';
import { findIdxFiles } from './idx-files.js';
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
  const gzipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const shape = parseHeader(gzipped ? inflateStart(bytes, name) : bytes, name, rank);
  const offset = headerSize(rank);
  const size = shape.reduce((a, b) => a * b, 1);
  const announced = `its header announces ${shape.join(' x ')} bytes`;
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
  return { shape, data: new Uint8Array(content.buffer, content.byteOffset + offset, size) };
}

const CUT = 'the file is truncated or damaged: download it again';

const FEWER = 'use fewer images';

const headerSize = (rank: number): number => 4 + 4 * rank;

const elements: Record<number, string> = {
  9: 'signed bytes',
  11: '16-bit integers',
  12: '32-bit integers',
  13: 'floats',
  14: 'doubles',
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
  if (Object.hasOwn(elements, type)) return `: IDX of ${elements[type]}`;
  return type !== 8
    ? ''
    : rank === 1
      ? ': IDX of labels'
      : rank === 3
        ? ': IDX of images'
        : `: IDX with ${rank} dimensions`;
}

function parseHeader(start: Uint8Array, name: string, rank: 1 | 3): number[] {
  const kind = rank === 3 ? 'images, IDX with 3 dimensions' : 'labels, IDX with 1 dimension';
  const hint = `expected u8 ${kind}: first bytes 0 0 8 ${rank}`;
  if (start.length >= 4 && (start[0] !== 0 || start[1] !== 0 || start[2] !== 8 || start[3] !== rank))
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
  return shape;
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
 * A folder of IDX files (`findIdxFiles`) as a Dataset of one channel. Without `facts.classes` the classes are
 * those of the EMNIST set that the files are from, or 0..largest label; mean and std default to those of the
 * training images.
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
  const train = await readSplit(paths.trainImages, paths.trainLabels, MAX_BYTES);
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
    facts.classes ?? classesOf(set, [train.split, test.split], (line) => log?.(`${folder}: ${line}`));
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

/**
 * The classes of the EMNIST set if the labels match it exactly; otherwise 0..largest label. Labels of a set
 * that counts from 1 are shifted to count from 0.
 */
function classesOf(set: string, splits: Split[], log: (line: string) => void): string[] {
  let [smallest, largest] = [255, 0];
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
): Promise<{ split: Split; shape: Shape; images: string; labels: string }> {
  const pixels = parseIdx(await readFile(images), images, 3, maxBytes);
  const { shape, data } = parseIdx(await readFile(labels), labels, 1, MAX_LABELS);
  const [count, rows, columns] = pixels.shape as [number, number, number];
  if (shape[0] !== count)
    throw new SpikeletError(`${labels}: ${shape[0]} labels for the ${count} images of ${images}`, {
      hint: 'are these files from one dataset?',
    });
  const split = { count, images: pixels.data, labels: Uint16Array.from(data) };
  return { split, shape: [rows, columns, 1], images, labels };
}

const readFile = (path: string): Promise<Uint8Array> =>
  readBounded(path, { maxBytes: MAX_BYTES, what: 'an IDX file', tooLarge: FEWER });
