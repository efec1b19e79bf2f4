import { fromHalf } from '../../../models/safetensors.js';
import { printable } from '../../system/printable.js';
import type { Refuse } from '../../system/refusal.js';
import type { NpyField } from './npy-header.js';

export type NpyData =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

export type NpyType =
  | 'bool'
  | 'u8'
  | 'i8'
  | 'u16'
  | 'i16'
  | 'u32'
  | 'i32'
  | 'u64'
  | 'i64'
  | 'f16'
  | 'f32'
  | 'f64';

/** How an element is held. */
export type Element = {
  type: NpyType;
  bytes: number;
  make: (length: number) => NpyData;
  read: (view: DataView, at: number, little: boolean) => number;
  /** A view of little-endian bytes, where the file's form is that of memory. */
  view?: (bytes: ArrayBuffer) => NpyData;
};

const whole = (value: bigint): number => {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : Number.NaN;
};

/** Types of elements by numpy's kind and size. */
const elements: Record<string, Element> = {
  b1: { type: 'bool', bytes: 1, make: (n) => new Uint8Array(n), read: (v, at) => (v.getUint8(at) ? 1 : 0) },
  u1: {
    ...{ type: 'u8', bytes: 1, make: (n) => new Uint8Array(n), read: (v, at) => v.getUint8(at) },
    view: (bytes) => new Uint8Array(bytes),
  },
  i1: {
    ...{ type: 'i8', bytes: 1, make: (n) => new Int8Array(n), read: (v, at) => v.getInt8(at) },
    view: (bytes) => new Int8Array(bytes),
  },
  u2: {
    ...{ type: 'u16', bytes: 2, make: (n) => new Uint16Array(n), read: (v, at, le) => v.getUint16(at, le) },
    view: (bytes) => new Uint16Array(bytes),
  },
  i2: {
    ...{ type: 'i16', bytes: 2, make: (n) => new Int16Array(n), read: (v, at, le) => v.getInt16(at, le) },
    view: (bytes) => new Int16Array(bytes),
  },
  u4: {
    ...{ type: 'u32', bytes: 4, make: (n) => new Uint32Array(n), read: (v, at, le) => v.getUint32(at, le) },
    view: (bytes) => new Uint32Array(bytes),
  },
  i4: {
    ...{ type: 'i32', bytes: 4, make: (n) => new Int32Array(n), read: (v, at, le) => v.getInt32(at, le) },
    view: (bytes) => new Int32Array(bytes),
  },
  u8: {
    ...{ type: 'u64', bytes: 8, make: (n) => new Float64Array(n) },
    read: (v, at, le) => whole(v.getBigUint64(at, le)),
  },
  i8: {
    ...{ type: 'i64', bytes: 8, make: (n) => new Float64Array(n) },
    read: (v, at, le) => whole(v.getBigInt64(at, le)),
  },
  f2: {
    ...{ type: 'f16', bytes: 2, make: (n) => new Float32Array(n) },
    read: (v, at, le) => fromHalf(Uint16Array.of(v.getUint16(at, le)))[0]!,
  },
  f4: {
    ...{ type: 'f32', bytes: 4, make: (n) => new Float32Array(n), read: (v, at, le) => v.getFloat32(at, le) },
    view: (bytes) => new Float32Array(bytes),
  },
  f8: {
    ...{ type: 'f64', bytes: 8, make: (n) => new Float64Array(n), read: (v, at, le) => v.getFloat64(at, le) },
    view: (bytes) => new Float64Array(bytes),
  },
};

/** What numpy's other kinds hold, and how to save it so that it can be read. */
const others: Record<string, [what: string, hint: string]> = {
  O: [
    'Python objects, which are a pickle: a program, not data',
    'save an array of numbers: np.save(PATH, np.stack(list(a)))',
  ],
  U: ['text', 'save numbers: names, y = np.unique(y, return_inverse=True), and the names in labels.txt'],
  S: [
    'bytes of text',
    'save numbers: names, y = np.unique(y, return_inverse=True), and the names in labels.txt',
  ],
  c: ['complex numbers', 'save their parts or their magnitude: np.abs(a)'],
  M: ['dates', "save numbers: a.astype('int64')"],
  m: ['durations', "save numbers: a.astype('int64')"],
  V: ['raw bytes', "save numbers: a.view('uint8')"],
};

/** The element of a type in numpy's words; types that are not numbers are refused by name. */
export function elementOf({ name, type }: NpyField, refuse: Refuse): { element: Element; little: boolean } {
  const of = name === '' ? '' : ` in its field '${printable(name)}'`;
  const [, order, kind = '', size = ''] = /^([<>|=]?)([a-zA-Z?])(\d{0,9})$/.exec(type) ?? [];
  const known = kind === '?' ? 'b1' : `${kind}${size}`;
  const element = Object.hasOwn(elements, known) ? elements[known] : undefined;
  if (element) {
    if (element.bytes > 1 && order !== '<' && order !== '>')
      return refuse(`its type '${printable(type)}'${of} does not say the order of bytes`, "save it as '<'");
    return { element, little: order !== '>' };
  }
  const [what, hint] = (Object.hasOwn(others, kind) && others[kind]) || [
    `elements of type '${printable(type)}'`,
    "save another type: a.astype('float32')",
  ];
  return refuse(`it holds ${what}${of}`, hint);
}
