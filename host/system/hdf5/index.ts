import { printable } from '../printable.js';
import { mistakenFor, refusalOf } from '../refusal.js';
import { Bytes, DAMAGED } from './bytes.js';
import { rawOf } from './dataset.js';
import type { Datatype } from './datatype.js';
import { isHdf5, type Message, objectsOf } from './objects.js';

/**
 * An HDF5 file: paths of its datasets, and how one is read. Own code, because it is short, opens what h5py writes by default
 * without a library of 15 MB, and bounds what a stranger's file may take.
 */
export type Hdf5 = {
  paths: string[];
  /** Numbers, row-major. */
  numbers: (path: string) => { shape: number[]; data: Float64Array };
  /** Texts of fixed or varying length. */
  texts: (path: string) => string[];
  /** Lists of numbers of varying length, one after the other as it is asked for. */
  lists: (path: string) => { count: number; at: (index: number) => Float64Array };
};

/** Opens a file of bytes. Throws a SpikeletError for other files, damaged ones, and newer forms of HDF5, by name. */
export function openHdf5(bytes: Uint8Array, name: string): Hdf5 {
  const refuse = refusalOf(name);
  if (!isHdf5(bytes)) {
    const instead = mistakenFor(bytes);
    return refuse(`it is not an HDF5 file${instead && `: ${instead}`}`, 'expected what h5py writes');
  }
  const file = new Bytes(bytes, refuse);
  const objects = objectsOf(file);
  const open = (path: string) => {
    const messages: Message[] =
      objects.get(path) ??
      refuse(
        `it has no dataset ${printable(path)}`,
        `it holds: ${[...objects.keys()].slice(0, 12).map(printable).join(', ')}`,
      );
    const of = new Bytes(bytes, refusalOf(`${name}[${printable(path)}]`));
    return { of, ...rawOf(of, messages) };
  };
  return {
    paths: [...objects.keys()],
    numbers(path) {
      const { of, shape, type, bytes } = open(path);
      if (type.kind !== 'number')
        return of.refuse(`it holds ${nameOf(type)}, not numbers`, 'is it the right one?');
      return { shape, data: numbersOf(of, bytes, type) };
    },
    texts(path) {
      const { of, type, bytes } = open(path);
      if (type.kind === 'text')
        return Array.from({ length: type.bytes ? bytes.length / type.bytes : 0 }, (_, i) =>
          textOf(bytes.subarray(i * type.bytes, (i + 1) * type.bytes)),
        );
      if (type.kind === 'vlen' && type.text)
        return Array.from({ length: bytes.length / 16 }, (_, i) => textOf(listAt(of, bytes, i, 1)));
      return of.refuse(`it holds ${nameOf(type)}, not text`, 'is it the right one?');
    },
    lists(path) {
      const { of, type, bytes } = open(path);
      if (type.kind !== 'vlen' || type.of.kind !== 'number' || type.text)
        return of.refuse(`it holds ${nameOf(type)}, not lists of numbers`, 'is it the right one?');
      const element = type.of;
      return {
        count: bytes.length / 16,
        at: (index) => numbersOf(of, listAt(of, bytes, index, element.bytes), element),
      };
    },
  };
}

const nameOf = (type: Datatype): string =>
  type.kind === 'number' ? 'numbers' : type.kind === 'text' || type.text ? 'text' : 'lists';

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes).split('\0', 1)[0]!.trimEnd();

function numbersOf(file: Bytes, bytes: Uint8Array, type: Datatype & { kind: 'number' }): Float64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const data = new Float64Array(Math.floor(bytes.length / type.bytes));
  for (let i = 0; i < data.length; i++) data[i] = type.read(view, i * type.bytes);
  if (type.whole && data.some(Number.isNaN))
    file.refuse('it holds a whole number beyond 2^53', 'save a smaller type');
  return data;
}

/** The bytes of a list: its length, and where in which collection of the file's global heap it is. */
function listAt(file: Bytes, references: Uint8Array, index: number, each: number): Uint8Array {
  const view = new DataView(references.buffer, references.byteOffset + 16 * index, 16);
  const size = view.getUint32(0, true) * each;
  const collection = Number(view.getBigUint64(4, true));
  const wanted = view.getUint32(12, true);
  if (!size) return new Uint8Array();
  file.sign(collection, 'GCOL');
  const end = collection + file.length(collection + 8);
  file.within(collection, end - collection);
  for (let at = collection + 16; at + 16 <= end; ) {
    const object = file.u16(at);
    const bytes = file.length(at + 8);
    if (object === wanted && object) {
      if (bytes < size) break;
      return file.slice(at + 16, size);
    }
    if (!object) break;
    at += 16 + 8 * Math.ceil(bytes / 8);
  }
  return file.refuse(`element ${index} is not in the collection at byte ${collection}`, DAMAGED);
}
