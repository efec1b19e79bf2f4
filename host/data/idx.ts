import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { constants, gunzipSync } from 'node:zlib';
import { type Dataset, type Shape, SpikeletError, type Split } from '../../models/index.js';
import { checkDataset, type SplitNames } from './check.js';
import { channelStatistics } from './statistics.js';

/** The four files of an IDX folder; each may be gzipped, with or without `.gz` in its name. */
export const idxFiles = {
  trainImages: 'train-images-idx3-ubyte',
  trainLabels: 'train-labels-idx1-ubyte',
  testImages: 't10k-images-idx3-ubyte',
  testLabels: 't10k-labels-idx1-ubyte',
} as const;

/** A u8 array in IDX form: sizes of its dimensions, and its bytes in row-major order. */
export type Idx = { shape: number[]; data: Uint8Array };

/** Largest file, and largest content of a gzipped one: sixteen times MNIST. */
const MAX_BYTES = 2 ** 30;

/** Bytes of a gzipped file that surely hold the start of the content. */
const PEEK = 4096;

/** Deflate cannot pack tighter than this. */
const MAX_RATIO = 1032;

/**
 * Parses an IDX file of u8 (yann.lecun.com/exdb/mnist): 0, 0, 8, rank, then a big-endian u32 per dimension, then
 * the bytes. Gzip is known by its magic bytes. The header has to account for every byte of the file, and nothing is
 * inflated beyond what it announces.
 * @param bytes the file; without gzip the result is a view into it.
 * @param name what errors call the file.
 * @param rank dimensions wanted: 3 for images, 1 for labels.
 * @throws SpikeletError for everything else.
 */
export function parseIdx(bytes: Uint8Array, name: string, rank: 1 | 3): Idx {
  const gzipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const shape = parseHeader(gzipped ? inflateStart(bytes, name) : bytes, name, rank);
  const offset = headerSize(rank);
  const size = shape.reduce((a, b) => a * b, 1);
  const announced = `its header announces ${shape.join(' x ')} bytes`;
  const limit = gzipped ? Math.min(MAX_BYTES, bytes.length * MAX_RATIO) : bytes.length;
  if (offset + size > limit)
    throw new SpikeletError(`${name}: ${announced}, more than the file can hold`, { hint: CUT });
  const content = gzipped ? inflate(bytes, offset + size, `${name}: ${announced}`) : bytes;
  if (content.length !== offset + size)
    throw new SpikeletError(`${name}: ${announced}, and ${content.length - offset} follow`, { hint: CUT });
  return { shape, data: content.subarray(offset) };
}

const CUT = 'the file is cut short or damaged: fetch it again';

const headerSize = (rank: number): number => 4 + 4 * rank;

function parseHeader(start: Uint8Array, name: string, rank: 1 | 3): number[] {
  const kind = rank === 3 ? 'images, IDX with 3 dimensions' : 'labels, IDX with 1 dimension';
  const hint = `expected u8 ${kind}: first bytes 0 0 8 ${rank}`;
  if (start.length >= 4 && (start[0] !== 0 || start[1] !== 0 || start[2] !== 8 || start[3] !== rank))
    throw new SpikeletError(`${name}: begins with ${start.subarray(0, 4).join(' ')}`, { hint });
  if (start.length < headerSize(rank))
    throw new SpikeletError(`${name}: ${start.length} bytes are too few for an IDX header`, { hint });
  const view = new DataView(start.buffer, start.byteOffset);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  if (shape.includes(0))
    throw new SpikeletError(`${name}: its header announces ${shape.join(' x ')}, so it holds nothing`, {
      hint: 'a dataset needs training and test images',
    });
  return shape;
}

function inflateStart(bytes: Uint8Array, name: string): Uint8Array {
  try {
    // Z_SYNC_FLUSH: a part of a stream is no error here.
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
    return gunzipSync(bytes, { maxOutputLength: size });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const why = code === 'ERR_BUFFER_TOO_LARGE' ? 'and more follow' : `gzip: ${message}`;
    throw new SpikeletError(`${what}, ${why}`, { hint: CUT, cause });
  }
}

/** What a folder says about itself beyond its images. */
export type IdxFacts = { name: string; classes?: string[]; mean?: number[]; std?: number[] };

/**
 * A folder of IDX files as a Dataset of one channel. Without `facts.classes` the classes are 0..largest label,
 * without mean and std they are those of the training images.
 * @throws SpikeletError naming the file that is missing, damaged or does not fit.
 */
export async function readIdxFolder(folder: string, facts: IdxFacts): Promise<Dataset> {
  const train = await readSplit(folder, idxFiles.trainImages, idxFiles.trainLabels);
  const test = await readSplit(folder, idxFiles.testImages, idxFiles.testLabels);
  if (String(train.shape) !== String(test.shape))
    throw new SpikeletError(
      `${test.images}: images of [${test.shape}], while those of ${train.images} are [${train.shape}]`,
      { hint: 'are these files of one dataset?' },
    );
  const names: SplitNames = { train: train.labels, test: test.labels };
  const largest = [...train.split.labels, ...test.split.labels].reduce((a, b) => Math.max(a, b), 0);
  const classes = facts.classes ?? Array.from({ length: largest + 1 }, (_, label) => String(label));
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

async function readSplit(
  folder: string,
  imageFile: string,
  labelFile: string,
): Promise<{ split: Split; shape: Shape; images: string; labels: string }> {
  const [images, labels] = [await find(folder, imageFile), await find(folder, labelFile)];
  const pixels = parseIdx(await readBounded(images), images, 3);
  const { shape, data } = parseIdx(await readBounded(labels), labels, 1);
  const [count, rows, columns] = pixels.shape as [number, number, number];
  if (shape[0] !== count)
    throw new SpikeletError(`${labels}: ${shape[0]} labels for the ${count} images of ${images}`, {
      hint: 'are these files of one dataset?',
    });
  const split = { count, images: pixels.data, labels: Uint16Array.from(data) };
  return { split, shape: [rows, columns, 1], images, labels };
}

/** Path of `file` in `folder`, with or without `.gz`. */
async function find(folder: string, file: string): Promise<string> {
  for (const path of [join(folder, file), join(folder, `${file}.gz`)])
    if (await stat(path).catch(() => undefined)) return path;
  throw new SpikeletError(`${folder} holds no ${file}[.gz]`, {
    hint: `an IDX folder holds ${Object.values(idxFiles).join(', ')}, each plain or as .gz`,
  });
}

async function readBounded(path: string): Promise<Uint8Array> {
  const found = await stat(path).catch((cause) => {
    throw new SpikeletError(`cannot read ${path}: ${cause.message}`, { cause });
  });
  if (!found.isFile()) throw new SpikeletError(`${path} is no file`, { hint: 'expected an IDX file' });
  if (found.size > MAX_BYTES)
    throw new SpikeletError(`${path}: ${found.size} bytes, the limit is ${MAX_BYTES}`, {
      hint: 'keep a part of the images',
    });
  return readFile(path).catch((cause) => {
    throw new SpikeletError(`cannot read ${path}: ${cause.message}`, {
      hint: 'may this user read the file?',
      cause,
    });
  });
}
