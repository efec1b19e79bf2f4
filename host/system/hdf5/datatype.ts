import { fromHalf } from '../../../models/safetensors.js';
import { type Bytes, REPACK } from './bytes.js';

/** How an element is held: a number, text of fixed length, or a list of varying length (`vlen`) of another type. */
export type Datatype =
  | { kind: 'number'; bytes: number; whole: boolean; read: (view: DataView, at: number) => number }
  | { kind: 'text'; bytes: number }
  | { kind: 'vlen'; bytes: number; text: boolean; of: Datatype };

const classes: Record<number, string> = {
  2: 'times',
  4: 'bit fields',
  5: 'opaque bytes',
  6: 'compounds',
  7: 'references',
  8: 'enumerations',
  10: 'arrays',
};

const exact = (value: bigint): number => (Number.isSafeInteger(Number(value)) ? Number(value) : Number.NaN);

/** Integers by signed and size, floats by size. */
const readers: Record<string, (view: DataView, at: number, little: boolean) => number> = {
  u1: (v, at) => v.getUint8(at),
  i1: (v, at) => v.getInt8(at),
  u2: (v, at, le) => v.getUint16(at, le),
  i2: (v, at, le) => v.getInt16(at, le),
  u4: (v, at, le) => v.getUint32(at, le),
  i4: (v, at, le) => v.getInt32(at, le),
  u8: (v, at, le) => exact(v.getBigUint64(at, le)),
  i8: (v, at, le) => exact(v.getBigInt64(at, le)),
  f2: (v, at, le) => fromHalf(Uint16Array.of(v.getUint16(at, le)))[0]!,
  f4: (v, at, le) => v.getFloat32(at, le),
  f8: (v, at, le) => v.getFloat64(at, le),
};

/** IEEE's own forms: places of exponent and mantissa, and the bias, by size. */
const ieee: Record<number, string> = { 2: '10 5 0 10 15', 4: '23 8 0 23 127', 8: '52 11 0 52 1023' };

const NUMBERS = 'save it as whole numbers, floats, text, or lists of them';

/** Parses a message of type 3. */
export function datatypeAt(file: Bytes, at: number, depth = 0): Datatype {
  const kind = file.u8(at) & 15;
  const bits = file.u8(at + 1);
  const bytes = file.u32(at + 4);
  if (kind === 0 || kind === 1) {
    const sign = kind === 1 ? 'f' : bits & 8 ? 'i' : 'u';
    const read = Object.hasOwn(readers, `${sign}${bytes}`) ? readers[`${sign}${bytes}`] : undefined;
    const plain = kind === 1 || (file.u16(at + 8) === 0 && file.u16(at + 10) === 8 * bytes);
    if (!read || !plain || (kind === 1 && formOf(file, at) !== ieee[bytes]))
      return file.refuse(`it holds numbers of ${bytes} bytes in a form that is not read`, NUMBERS);
    const little = (bits & 1) === 0;
    return { kind: 'number', bytes, whole: kind === 0, read: (view, place) => read(view, place, little) };
  }
  if (kind === 3) return { kind: 'text', bytes };
  if (kind === 9 && depth === 0 && bytes === 16)
    return { kind: 'vlen', bytes, text: (bits & 15) === 1, of: datatypeAt(file, at + 8, 1) };
  return file.refuse(
    `it holds ${(Object.hasOwn(classes, kind) && classes[kind]) || `elements of class ${kind}`}`,
    kind > 10 ? REPACK : NUMBERS,
  );
}

const formOf = (file: Bytes, at: number): string =>
  [...[12, 13, 14, 15].map((o) => file.u8(at + o)), file.u32(at + 16)].join(' ');
