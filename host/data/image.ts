import type { Metadata, Sharp } from 'sharp';
import { product, type Shape, SpikeletError } from '../../models/index.js';
import { cmykToRgb } from './cmyk.js';
import { formatOf, formats, isRead } from './format.js';
import { readBounded } from './read.js';
import { hasSeveralScans, tidy } from './tidy.js';

/** Most pixels of an image, before and after resizing: 8192 x 8192, 200 MB decoded. */
export const MAX_PIXELS = 2 ** 26;

export const MAX_FILE_BYTES = 2 ** 27;

/** Most bytes a decoder may hold at once. */
const MAX_DECODED_BYTES = 2 ** 28;

/**
 * An image file (PNG, JPEG, WebP) as a net's raw input, u8 [row][column][channel] of `shape`. Its format is
 * decided by its bytes, not its name. 1 channel is grey, 3 are red, green and blue.
 *
 * Samples are read as stored, as in Pillow and torchvision: colour profiles, gamma and other colour metadata
 * are ignored, 16-bit samples keep their upper 8 bits, and CMYK becomes RGB by Pillow's formula. Unlike
 * Pillow's `convert('RGB')`, transparency is blended onto white instead of being dropped, EXIF orientation is
 * applied, and 16-bit greys are scaled instead of clipped. Colours become grey by vips' b-w (linear
 * luminance), not by Pillow's L.
 *
 * An animation gives its first frame. An image of another size is resized to exactly `shape` (bicubic,
 * without keeping proportions); one of the right size is not changed.
 * @throws SpikeletError for a file that is missing, damaged, too large or not such an image, and for shapes
 * that no image file can fill.
 */
export async function readImage(path: string, shape: Shape): Promise<Uint8Array> {
  const [rows, columns, channels] = shape;
  checkChannels(path, channels);
  const image = await openImage(path);
  requireShrinkable(image, rows, columns);
  const fits = image.height === rows && image.width === columns;
  return decode(image, shape, (pixels) => (fits ? pixels : resize(pixels, rows, columns)));
}

/** Size of an image file as it is seen, and its channels: 1 where it is grey, else 3. Errors as `readImage`. */
export async function imageSize(path: string): Promise<{ rows: number; columns: number; channels: 1 | 3 }> {
  const { height, width, grey } = await openImage(path);
  return { rows: height, columns: width, channels: grey ? 1 : 3 };
}

/**
 * An image file, preprocessed as E-SpikeFormer's authors evaluate: bicubic resize of the short side to
 * round(size * 232 / 224), then a centre crop of size x size. sRGB u8 [row][column][channel] of [size, size,
 * 3]; files and errors as `readImage`.
 */
export async function readImageEval(path: string, size = 224): Promise<Uint8Array> {
  const image = await openImage(path);
  const { height, width } = image;
  const short = Math.round((size * 232) / 224);
  // torchvision's Resize truncates the long side to an integer; its CenterCrop rounds.
  const long = Math.floor((short * Math.max(height, width)) / Math.min(height, width));
  const [rows, columns] = height <= width ? [short, long] : [long, short];
  requireShrinkable(image, rows, columns);
  const crop = { top: middle(rows, size), left: middle(columns, size), width: size, height: size };
  return decode(image, [size, size, 3], (pixels) => resize(pixels, rows, columns).extract(crop));
}

/**
 * An image file as the raw input of a net of `shape`: square colour nets get the centre crop that their
 * authors evaluate with (`readImageEval`), all others the whole image (`readImage`).
 */
export const readNetImage = (path: string, shape: Shape): Promise<Uint8Array> =>
  shape[2] === 3 && shape[0] === shape[1] ? readImageEval(path, shape[0]) : readImage(path, shape);

const middle = (length: number, size: number): number => Math.round((length - size) / 2);

/**
 * Most pixels along a side that shrink to one. vips' tables grow with this; beyond it they would take
 * gigabytes.
 */
const MAX_SHRINK = 2 ** 14;

function requireShrinkable({ path, height, width }: OpenImage, rows: number, columns: number): void {
  if (rows * columns <= MAX_PIXELS && Math.max(height / rows, width / columns) <= MAX_SHRINK) return;
  throw new SpikeletError(`${path}: ${width}x${height} is too elongated`, {
    hint: `crop the image to the proportions of ${columns}x${rows}`,
  });
}

/** kernel 'cubic' is Catmull-Rom, the bicubic (a = -0.5) of Pillow, on which torchvision builds. */
const resize = (pixels: Sharp, height: number, width: number): Sharp =>
  pixels.resize({ height, width, fit: 'fill', kernel: 'cubic', fastShrinkOnLoad: false });

function checkChannels(path: string, channels: number): void {
  if (channels === 1 || channels === 3) return;
  throw new SpikeletError(`${path}: an image file cannot fill an input of ${channels} channels`, {
    hint:
      channels === 2
        ? 'this net takes event frames (ON and OFF counts): use a dataset such as gestures'
        : 'image files fill 1 channel (grey) or 3 (sRGB)',
  });
}

/** A checked file, with its size after EXIF orientation is applied. */
type OpenImage = { path: string; pixels: Sharp; height: number; width: number; grey: boolean };

async function openImage(path: string): Promise<OpenImage> {
  const file = await readBounded(path, {
    maxBytes: MAX_FILE_BYTES,
    what: 'a PNG, JPEG or WebP file',
    tooLarge: 'make the image smaller first',
  });
  const format = formatOf(file);
  if (!isRead(format))
    throw new SpikeletError(
      format
        ? `${path} is a ${format} image`
        : `cannot decode ${path}: it is not one of ${formats.join(', ')}`,
      { hint: 'convert it to PNG, JPEG or WebP' },
    );
  const { default: sharp } = await import('sharp');
  // The size is checked below, from metadata, before anything is decoded, so that the error can name it.
  const bytes = tidy(file, format);
  const source = sharp(bytes, { limitInputPixels: false, failOn: 'warning', ignoreIcc: true });
  const metadata: Metadata = await source.metadata().catch((cause) => unreadable(path, cause));
  const { height, width } = metadata.autoOrient;
  if (height * width > MAX_PIXELS)
    throw new SpikeletError(`${path}: ${width}x${height} pixels, the limit is ${MAX_PIXELS}`, {
      hint: 'make the image smaller first',
    });
  const decoded = decodedBytes(metadata, format === 'jpeg' && hasSeveralScans(bytes));
  if (decoded > MAX_DECODED_BYTES)
    throw new SpikeletError(
      `${path}: ${width}x${height} pixels of this kind take ${decoded} bytes, the limit is ${MAX_DECODED_BYTES}`,
      { hint: 'make the image smaller first' },
    );
  const pixels =
    metadata.space === 'cmyk' ? await cmykToRgb(source).catch((cause) => unreadable(path, cause)) : source;
  const grey = ['b-w', 'grey16'].includes(metadata.space ?? '');
  return { path, pixels, height, width, grey };
}

/**
 * Bytes that a decoder needs to hold the whole image: one per sample, or two for 16-bit samples, for a JPEG
 * in several scans (its coefficients), for WebP and for CMYK (an image and its copy).
 */
function decodedBytes(metadata: Metadata, severalScans: boolean): number {
  const { height, width, channels, depth, isProgressive, format, space } = metadata;
  const twice =
    depth === 'ushort' ||
    format === 'webp' ||
    space === 'cmyk' ||
    (format === 'jpeg' && (isProgressive || severalScans));
  return height * width * channels * (twice ? 2 : 1);
}

async function decode(
  { path, pixels }: OpenImage,
  shape: Shape,
  arrange: (pixels: Sharp) => Sharp,
): Promise<Uint8Array> {
  const coloured = arrange(pixels.autoOrient().flatten({ background: 'white' })).toColourspace(
    shape[2] === 1 ? 'b-w' : 'srgb',
  );
  const { data, info } = await coloured
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
    .catch((cause) => unreadable(path, cause));
  if (data.length !== product(shape))
    throw new SpikeletError(
      `${path} decodes to [${info.height}, ${info.width}, ${info.channels}] instead of [${shape}]`,
      { hint: 'convert it to an 8-bit sRGB PNG' },
    );
  return new Uint8Array(data.buffer, data.byteOffset, data.length);
}

function unreadable(path: string, cause: unknown): never {
  const [why = ''] = (cause as Error).message.split('\n');
  throw new SpikeletError(`cannot decode ${path}: ${why}`, {
    hint: 'is it a complete PNG, JPEG or WebP file?',
    cause,
  });
}
