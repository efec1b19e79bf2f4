import { SpikeletError } from '../error.js';
import type { Shape } from '../tensor.js';

/**
 * Integer tables of a front end, by name. They are made once, on the host, and belong to the model: sines and
 * logarithms are not specified to their last bit in any language, so no backend computes one.
 */
export type Tables = Record<string, Int32Array>;

/** Events of a camera in order of time: microseconds, column, row, polarity 0 (OFF) or 1 (ON). */
export type Events = { t: Float64Array; x: Uint16Array; y: Uint16Array; p: Uint8Array };

/** How far a front end's integers are from the same in float64, measured on a signal. */
export type Accuracy = { signal: string; unit: string; mean: number; most: number };

/** What a front end takes: samples of i16 (several channels interleaved), a frame of u8, events. */
export type RawKind = 'i16' | 'u8' | 'events';

/** A raw signal that arrives in pieces of any length. It keeps the state of one stream. */
export type FrontEndStream<Raw> = {
  /** Takes the next piece; gives the images that are due after it, in order. The images are the caller's. */
  push(raw: Raw): Uint8Array[];
  /**
   * Ends the recording. One that was too short for a single image gives one, padded as the front end says;
   * what is left over at the end of a longer one is dropped.
   */
  end(): Uint8Array[];
};

/**
 * The schema of a kind's parameters, made with zod. Users' compilers see no types of zod, which need the DOM's.
 */
export type ParameterSchema<P> = {
  safeParse(
    value: unknown,
  ):
    | { success: true; data: P }
    | { success: false; error: { issues: { path: PropertyKey[]; message: string }[] } };
};

/**
 * What a kind of front end is; one file each. A front end turns a raw signal into images of u8,
 * [row][column][channel], in integers alone, so that every backend gives the same bits. What each value
 * becomes in the network is the Graph's own table (`pixelTable`), as for the bytes of a photo.
 */
export type FrontEndDefinition<P, Raw> = {
  raw: RawKind;
  /** Bounds of every parameter alone; `check` holds those that need several. */
  schema: ParameterSchema<P>;
  /** Throws a SpikeletError unless the parameters fit each other. */
  check(parameters: P): void;
  /** Length of each table. */
  tableLengths(parameters: P): Record<string, number>;
  /**
   * Throws a SpikeletError where the values of a table are not what the parameters ask for; lengths are right
   * already.
   */
  checkTables(parameters: P, tables: Tables): void;
  /** [rows, columns, channels] of an image. */
  outputShape(parameters: P): Shape;
  /** Bytes of RAM that a stream needs on a device, part by part. */
  state(parameters: P): Record<string, number>;
  /** One line: the equation, with its numbers. */
  describe(parameters: P): string;
  /** How far the integers are from float64; absent: they are exact, or scaled integers by definition. */
  accuracy?(parameters: P, tables: Tables): Accuracy;
  /** The integer definition: all images of a whole recording. */
  run(parameters: P, tables: Tables, raw: Raw): Uint8Array[];
  /** The same, piece by piece. */
  stream(parameters: P, tables: Tables): FrontEndStream<Raw>;
};

/** An error about a front end: `why` says what must be what. */
export const refusal = (kind: string, why: string, hint?: string): SpikeletError =>
  new SpikeletError(`front end '${kind}': ${why}`, hint ? { hint } : {});

/** Throws unless `value` is in least..most. */
export function requireRange(kind: string, what: string, value: number, least: number, most: number): void {
  if (!(Number.isInteger(value) && value >= least && value <= most))
    throw refusal(kind, `${what} must be ${least}..${most}, got ${value}`);
}

export const clamp = (value: number, least: number, most: number): number =>
  Math.min(most, Math.max(least, value));

/** Bits of a whole number of up to 32 bits: 0 of 0, 1 of 1, 16 of 65535. */
export const bitLength = (value: number): number => 32 - Math.clz32(value);

/**
 * The last `rows` rows of `width` bytes that were pushed, copied in order; true from push() where an image of
 * them is due: at first when there are `rows`, then every `stride`.
 */
export function rowRing(rows: number, width: number, stride: number) {
  const ring = new Uint8Array(rows * width);
  let pushed = 0;
  return {
    /** Writes the next row; undefined, or the image that is due. */
    push(row: ArrayLike<number>): Uint8Array | undefined {
      ring.set(row, (pushed % rows) * width);
      pushed++;
      if (pushed < rows || (pushed - rows) % stride) return undefined;
      const first = (pushed % rows) * width;
      const image = new Uint8Array(ring.length);
      image.set(ring.subarray(first));
      image.set(ring.subarray(0, first), ring.length - first);
      return image;
    },
    get pushed() {
      return pushed;
    },
  };
}
