import { inflateSync } from 'node:zlib';
import { product } from '../../../models/tensor.js';
import { type Bytes, DAMAGED, REPACK, UNDEFINED } from './bytes.js';
import { type Datatype, datatypeAt } from './datatype.js';
import { leavesOf, type Message } from './objects.js';

/** The raw elements of a dataset, row-major. */
export type Raw = { shape: number[]; type: Datatype; bytes: Uint8Array };

/** Message types of a dataset's header. */
const SPACE = 1;
const TYPE = 3;
const LAYOUT = 8;
const FILTERS = 11;

const MAX_RANK = 8;

/** Deflate packs no tighter; what claims more is damaged, or nearly all of it was never written. */
const MAX_RATIO = 1032;

type Filter = { id: number; values: number[] };

const filterNames: Record<number, string> = {
  3: 'Fletcher-32 checksums',
  4: 'szip',
  5: 'nbit',
  6: 'scale-offset',
  32000: 'lzf',
  32001: 'blosc',
  32004: 'lz4',
  32008: 'bitshuffle',
  32015: 'zstd',
};

/** Reads a dataset's elements whole: compact, contiguous or in chunks, these by deflate and shuffle. */
export function rawOf(file: Bytes, messages: Message[]): Raw {
  const find = (type: number): Message =>
    messages.find((message) => message.type === type) ?? file.refuse('it is not a dataset', DAMAGED);
  const shape = shapeAt(file, find(SPACE).at);
  const type = datatypeAt(file, find(TYPE).at);
  const size = product(shape) * type.bytes;
  if (!(size <= MAX_RATIO * file.all.length && size < 2 ** 31))
    return file.refuse(
      `it announces [${shape}] elements of ${type.bytes} bytes, more than it can hold`,
      DAMAGED,
    );
  const filters = messages
    .filter((message) => message.type === FILTERS)
    .flatMap(({ at }) => filtersAt(file, at));
  return { shape, type, bytes: bytesOf(file, find(LAYOUT), shape, type, size, filters) };
}

function shapeAt(file: Bytes, at: number): number[] {
  const version = file.u8(at);
  if (version !== 1 && version !== 2) return file.refuse(`its dataspace is of version ${version}`, REPACK);
  const rank = file.u8(at + 1);
  if (rank > MAX_RANK)
    return file.refuse(`it has ${rank} dimensions, at most ${MAX_RANK} are read`, 'reshape it');
  return Array.from({ length: rank }, (_, i) => file.length(at + (version === 1 ? 8 : 4) + 8 * i));
}

function bytesOf(
  file: Bytes,
  layout: Message,
  shape: number[],
  type: Datatype,
  size: number,
  filters: Filter[],
): Uint8Array {
  const { at } = layout;
  const version = file.u8(at);
  if (version !== 3) return file.refuse(`its layout is of version ${version}; 3 is read`, REPACK);
  const exactly = (bytes: number): number =>
    bytes === size ? bytes : file.refuse(`it announces ${size} bytes and holds ${bytes}`, DAMAGED);
  switch (file.u8(at + 1)) {
    case 0:
      return file.slice(at + 4, exactly(file.u16(at + 2)));
    case 1: {
      const address = file.address(at + 2);
      return address === UNDEFINED
        ? new Uint8Array(size)
        : file.slice(address, exactly(file.length(at + 10)));
    }
    case 2:
      return chunksOf(file, at, shape, type, size, filters);
    default:
      return file.refuse('its layout is virtual or of another kind', REPACK);
  }
}

/** Puts chunks into their places; what was never written is 0. */
function chunksOf(
  file: Bytes,
  at: number,
  shape: number[],
  type: Datatype,
  size: number,
  filters: Filter[],
): Uint8Array {
  const rank = file.u8(at + 2) - 1;
  const chunk = Array.from({ length: rank }, (_, i) => file.u32(at + 11 + 4 * i));
  const chunkBytes = product(chunk) * type.bytes;
  if (rank !== shape.length || rank < 1 || !(chunkBytes > 0 && chunkBytes <= MAX_RATIO * file.all.length))
    return file.refuse(`its chunks are [${chunk}] of [${shape}]`, DAMAGED);
  const out = new Uint8Array(size);
  let unpacked = 0;
  for (const { key, child } of leavesOf(file, file.address(at + 3), 1, 8 + 8 * (rank + 1))) {
    const offsets = chunk.map((_, axis) => file.length(key + 8 + 8 * axis));
    if (offsets.some((offset, axis) => offset >= shape[axis]! || offset % chunk[axis]!))
      return file.refuse(`a chunk of it is at [${offsets}] of [${shape}]`, DAMAGED);
    // Chunks overlap nowhere, so all of them are hardly more than the whole.
    unpacked += chunkBytes;
    if (unpacked > MAX_RATIO * file.all.length)
      return file.refuse('it has more chunks than it can hold', DAMAGED);
    const data = unfiltered(
      file,
      file.slice(child, file.u32(key)),
      file.u32(key + 4),
      filters,
      chunkBytes,
      type,
    );
    place(out, data, { shape, chunk, offsets, bytes: type.bytes });
  }
  return out;
}

function unfiltered(
  file: Bytes,
  packed: Uint8Array,
  mask: number,
  filters: Filter[],
  size: number,
  type: Datatype,
): Uint8Array {
  let data = packed;
  for (const [i, { id, values }] of [...filters.entries()].reverse()) {
    if ((mask >> i) & 1) continue;
    if (id === 1) data = inflated(file, data, size);
    else if (id === 2) data = unshuffled(data, values[0] ?? type.bytes);
    else
      return file.refuse(
        `it is packed by ${(Object.hasOwn(filterNames, id) && filterNames[id]) || `filter ${id}`}`,
        'pack it by gzip: h5repack -f GZIP=4 IN.h5 OUT.h5',
      );
  }
  return data.length === size
    ? data
    : file.refuse(`a chunk of it holds ${data.length} bytes, not ${size}`, DAMAGED);
}

function inflated(file: Bytes, data: Uint8Array, size: number): Uint8Array {
  try {
    return inflateSync(data, { maxOutputLength: size });
  } catch {
    return file.refuse('a chunk of it cannot be unpacked', DAMAGED);
  }
}

/** Shuffled, first bytes of all elements come first. */
function unshuffled(data: Uint8Array, bytes: number): Uint8Array {
  if (bytes < 2 || bytes > data.length) return data;
  const count = Math.floor(data.length / bytes);
  // slice() of a Buffer would be a view.
  const out = new Uint8Array(data);
  for (let byte = 0, from = 0; byte < bytes; byte++)
    for (let i = 0; i < count; i++) out[i * bytes + byte] = data[from++]!;
  return out;
}

/** Copies a chunk, row by row of its last dimension, as far as it is inside the whole. */
function place(
  out: Uint8Array,
  data: Uint8Array,
  { shape, chunk, offsets, bytes }: { shape: number[]; chunk: number[]; offsets: number[]; bytes: number },
): void {
  const last = shape.length - 1;
  const width = Math.min(chunk[last]!, shape[last]! - offsets[last]!) * bytes;
  const rows = product(chunk.slice(0, last));
  for (let row = 0; row < rows; row++) {
    let [rest, to, stride, inside] = [row, offsets[last]!, shape[last]!, true];
    for (let axis = last - 1; axis >= 0; axis--) {
      const index = offsets[axis]! + (rest % chunk[axis]!);
      rest = Math.floor(rest / chunk[axis]!);
      inside &&= index < shape[axis]!;
      to += index * stride;
      stride *= shape[axis]!;
    }
    const from = row * chunk[last]! * bytes;
    if (inside) out.set(data.subarray(from, from + width), to * bytes);
  }
}

function filtersAt(file: Bytes, at: number): Filter[] {
  const version = file.u8(at);
  const count = file.u8(at + 1);
  let next = at + (version === 1 ? 8 : 2);
  return Array.from({ length: count }, () => {
    const id = file.u16(next);
    const named = version === 1 || id >= 256;
    const nameLength = named ? file.u16(next + 2) : 0;
    const values = file.u16(next + (named ? 6 : 4));
    const from = next + (named ? 8 : 6) + (version === 1 ? 8 * Math.ceil(nameLength / 8) : nameLength);
    next = from + 4 * values + (version === 1 && values % 2 ? 4 : 0);
    return { id, values: Array.from({ length: values }, (_, i) => file.u32(from + 4 * i)) };
  });
}
