import type { ImagePixels, Model } from './model.mjs';
import { nameOf } from './model-bytes.mjs';

/** A part of model.mts, which the build puts into model.mjs: images of every kind as the network's bytes. */

const getter = (key: string | symbol) =>
  Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), key)!.get!;

/** Of typed arrays of every realm, whatever properties someone has given them. */
const TYPED = {
  type: getter(Symbol.toStringTag),
  buffer: getter('buffer'),
  offset: getter('byteOffset'),
  length: getter('length'),
};

export const typeOf = (value: unknown): string | undefined => TYPED.type.call(value);

/** Pixels for infer(): the network's own if `signed`, otherwise raw, `stride` bytes apart. */
export function pixelsOf(
  image: unknown,
  [rows, columns, channels]: Model['shape'],
  name: string,
): { bytes: Uint8Array | Int8Array; signed: boolean; stride: number } {
  const size = rows * columns * channels;
  const whole = { stride: channels, bytes: bytesIn(image, name) };
  if (whole.bytes) {
    if (whole.bytes.length !== size)
      throw new RangeError(`'${name}' takes ${size} pixels, got ${whole.bytes.length}`);
    return { bytes: whole.bytes, signed: typeOf(image) === 'Int8Array', stride: channels };
  }
  const { data, width, height } = (image ?? {}) as Partial<ImagePixels>;
  const bytes = typeOf(data) === 'Int8Array' ? undefined : bytesIn(data, name);
  if (!bytes)
    throw new TypeError(
      `'${name}' takes raw pixels as Uint8Array, Uint8ClampedArray or ImageData, or the network's as Int8Array, got ${nameOf(image)}${data === undefined ? '' : ` with ${nameOf(data)}`}`,
    );
  if (width !== columns || height !== rows)
    throw new RangeError(`'${name}' takes images of ${columns} x ${rows} pixels, got ${width} x ${height}`);
  if (bytes.length === size) return { bytes, signed: false, stride: channels };
  if (channels !== 3 || bytes.length !== rows * columns * 4)
    throw new RangeError(
      `'${name}' takes ${channels} channels (${size} values), got an image of ${bytes.length} values`,
    );
  for (let i = 3; i < bytes.length; i += 4)
    if (bytes[i] !== 255)
      throw new RangeError(`'${name}' takes opaque images, but pixel ${(i - 3) / 4} is transparent`);
  return { bytes, signed: false, stride: 4 };
}

/** A view, in this realm, on a byte array of any realm; undefined if the value is not one. */
function bytesIn(value: unknown, name: string): Uint8Array | Int8Array | undefined {
  const type = typeOf(value);
  if (type !== 'Uint8Array' && type !== 'Uint8ClampedArray' && type !== 'Int8Array') return undefined;
  const View = type === 'Int8Array' ? Int8Array : Uint8Array;
  const [buffer, offset, length] = [
    TYPED.buffer.call(value) as ArrayBuffer,
    TYPED.offset.call(value) as number,
    TYPED.length.call(value) as number,
  ];
  try {
    return new View(buffer, offset, length);
  } catch (cause) {
    throw new TypeError(`'${name}' got a ${type} with a detached buffer`, { cause });
  }
}
