import { product } from '../../../models/tensor.js';
import { printable } from '../../system/printable.js';
import { mistakenFor, type Refuse, refusalOf } from '../../system/refusal.js';
import { readZip } from '../../system/zip.js';
import { type Element, elementOf, type NpyData, type NpyType } from './npy-elements.js';
import { type NpyHeader, parseNpyHeader } from './npy-header.js';

export type { NpyData, NpyType } from './npy-elements.js';

/**
 * An array of numpy, row-major. f16 becomes f32, i64 and u64 become f64: whole numbers beyond 2^53 are
 * refused. `type` is that of the file.
 */
export type NpyArray = { shape: number[]; type: NpyType; data: NpyData };

const MAX_RANK = 16;

type Open = { header: NpyHeader; view: DataView; at: number; count: number; refuse: Refuse };

function open(bytes: Uint8Array, name: string): Open {
  const refuse = refusalOf(name);
  const magic = String.fromCharCode(...bytes.subarray(0, 6));
  if (magic !== '\x93NUMPY') {
    const instead = mistakenFor(bytes);
    return refuse(
      `it is not a .npy file${instead && `: ${instead}`}`,
      'expected what numpy.save writes, or numpy.savez as .npz',
    );
  }
  const { header, at } = parseNpyHeader(bytes, refuse);
  if (header.shape.length > MAX_RANK)
    return refuse(`it has ${header.shape.length} dimensions, at most ${MAX_RANK} are read`, 'reshape it');
  const count = product(header.shape);
  if (!Number.isSafeInteger(count))
    return refuse(`its header announces [${header.shape}] elements`, 'is the file damaged?');
  return { header, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), at, count, refuse };
}

function requireSize({ view, at, count, refuse, header }: Open, each: number): void {
  const there = view.byteLength - at;
  if (count * each !== there)
    refuse(
      `its header announces [${header.shape}] elements of ${each} bytes, ${count * each} in all, and ${there} follow`,
      'the file is cut short or damaged, or holds several arrays: save it again',
    );
}

/**
 * Reads an array as numpy.save writes it: versions 1 to 3, either order of bytes, C or Fortran order. The
 * header has to account for every byte.
 * @param name what errors call the file.
 * @throws SpikeletError for objects, text and other types that are not numbers, by name, and for other files.
 */
export function readNpy(bytes: Uint8Array, name: string): NpyArray {
  const opened = open(bytes, name);
  const { header, view, at, count, refuse } = opened;
  if (typeof header.type !== 'string')
    return refuse(
      `it is a structured array of ${header.type.map((field) => printable(field.name)).join(', ')}`,
      "save one of its fields: np.save(PATH, a['x']); or give it as events",
    );
  const { element, little } = elementOf({ name: '', type: header.type }, refuse);
  requireSize(opened, element.bytes);
  const { shape } = header;
  const turned = header.fortran && shape.filter((size) => size !== 1).length > 1;
  if (element.view && (little || element.bytes === 1) && !turned)
    return { shape, type: element.type, data: element.view(new Uint8Array(bytes.subarray(at)).buffer) };
  const data = element.make(count);
  const source = turned ? fortranOrder(shape) : undefined;
  for (let i = 0; i < count; i++)
    data[i] = element.read(view, at + (source ? source() : i) * element.bytes, little);
  requireExact(element, data, refuse);
  return { shape, type: element.type, data };
}

function requireExact(element: Element, data: NpyData, refuse: Refuse, field = ''): void {
  if (element.type !== 'i64' && element.type !== 'u64') return;
  const at = data.findIndex(Number.isNaN);
  if (at >= 0)
    refuse(
      `element ${at}${field && ` of its field '${printable(field)}'`} is a whole number beyond 2^53`,
      "save a smaller type: a.astype('int32')",
    );
}

/** Gives, element by element in C order, where it is in Fortran order. */
function fortranOrder(shape: number[]): () => number {
  const strides = shape.map((_, axis) => product(shape.slice(0, axis)));
  const index = shape.map(() => 0);
  let at = 0;
  let first = true;
  return () => {
    if (first) {
      first = false;
      return 0;
    }
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]!++;
      at += strides[axis]!;
      if (index[axis]! < shape[axis]!) break;
      at -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
    return at;
  };
}

/** A structured array of one dimension: its rows, and each field's values. */
export type NpyFields = { rows: number; fields: Map<string, NpyData> };

/** Whether a .npy is a structured array, which has fields. */
export const hasFields = (bytes: Uint8Array, name: string): boolean =>
  typeof open(bytes, name).header.type !== 'string';

/** Reads a structured array as columns. Fields of padding are passed over. */
export function readNpyFields(bytes: Uint8Array, name: string): NpyFields {
  const opened = open(bytes, name);
  const { header, view, at, count, refuse } = opened;
  if (typeof header.type === 'string')
    return refuse(
      'it has no fields',
      "expected a structured array, as of dtype [('t', '<i8'), ('x', '<u2'), ...]",
    );
  if (header.shape.length !== 1)
    return refuse(`it has ${header.shape.length} dimensions`, 'expected a structured array of one');
  let each = 0;
  const placed = header.type.flatMap((field) => {
    const [, padding] = /^\|V(\d{1,6})$/.exec(field.type) ?? [];
    const offset = each;
    if (padding !== undefined) {
      each += Number(padding);
      return [];
    }
    const { element, little } = elementOf(field, refuse);
    each += element.bytes;
    return [{ name: field.name, element, little, offset }];
  });
  requireSize(opened, each);
  const fields = new Map<string, NpyData>();
  for (const { name: field, element, little, offset } of placed) {
    if (fields.has(field)) return refuse(`it has two fields '${printable(field)}'`, 'save it again');
    const data = element.make(count);
    for (let i = 0; i < count; i++) data[i] = element.read(view, at + i * each + offset, little);
    requireExact(element, data, refuse, field);
    fields.set(field, data);
  }
  return { rows: count, fields };
}

/** Arrays that hold hardly anything compress a lot; beyond this an archive is meant to fill the memory. */
const mayUnpackTo = (bytes: number): number => Math.max(2 ** 26, 100 * bytes);

/** An array of an archive, unpacked when it is asked for; `name` is what errors call it. */
export type NpzEntry = { name: string; bytes: () => Uint8Array };

/**
 * The arrays of what numpy.savez or savez_compressed wrote, by name, for `readNpy` and `readNpyFields`.
 * @throws SpikeletError for other files, an archive without arrays, or one that would unpack to far more than its size.
 */
export function openNpz(bytes: Uint8Array, name: string): Map<string, NpzEntry> {
  const refuse = refusalOf(name);
  if (bytes[0] !== 0x50 || bytes[1] !== 0x4b) {
    const instead = mistakenFor(bytes);
    return refuse(`it is not a .npz file${instead && `: ${instead}`}`, 'expected what numpy.savez writes');
  }
  const arrays = new Map<string, NpzEntry>();
  for (const [file, { read }] of readZip(bytes, name, mayUnpackTo)) {
    if (!file.endsWith('.npy')) continue;
    const key = file.slice(0, -4);
    arrays.set(key, { name: `${name}[${printable(key)}]`, bytes: read });
  }
  if (!arrays.size) return refuse('it is an archive without arrays', 'expected what numpy.savez writes');
  return arrays;
}

/** One array of an archive. Throws a SpikeletError that lists the others where it is not there. */
export function arrayOf(arrays: Map<string, NpzEntry>, key: string, name: string): NpyArray {
  const entry = arrays.get(key);
  if (!entry)
    return refusalOf(name)(
      `it has no array '${printable(key)}'`,
      `it holds: ${[...arrays.keys()].slice(0, 12).map(printable).join(', ')}`,
    );
  return readNpy(entry.bytes(), entry.name);
}
