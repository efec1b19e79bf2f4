import { align } from '../models/plan/place.js';

/** Fields of assembly/node.ts that are addresses of constants. */
export const constantFields = ['weights', 'thresholds', 'multiplier', 'bias'] as const;
export type ConstantField = (typeof constantFields)[number];

export type ConstantType = 'i8' | 'i16' | 'i32' | 'lanes';

/** A node's constants in its kernel's layout, one array: what is fetched together is stored together. */
export type Constants = {
  bytes: Uint8Array;
  /** Offset of each array in it; absent: the node has none. */
  fields: Partial<Record<ConstantField, number>>;
  /** What each array holds; `lanes`: bytes that are read four at a time. */
  types: Partial<Record<ConstantField, ConstantType>>;
  /** `tiles` tiles, each `blockBytes` long. */
  blockBytes: number;
  tiles: number;
  /** Bytes of weights. */
  weightBytes: number;
  shift: number;
};

type Arrays = Partial<Record<ConstantField, Uint8Array | Int8Array | Int16Array | Int32Array>>;

const typeOf = (values: NonNullable<Arrays[ConstantField]>): ConstantType => {
  if (values instanceof Int8Array) return 'i8';
  if (values instanceof Int16Array) return 'i16';
  return values instanceof Int32Array ? 'i32' : 'lanes';
};

/** Joins the arrays of each tile; all tiles have arrays of equal lengths. */
export function joinConstants(tiles: Arrays[], shift = 0): Constants {
  const fields: Constants['fields'] = {};
  const types: Constants['types'] = {};
  const first = tiles[0]!;
  let blockBytes = 0;
  for (const field of constantFields) {
    if (!first[field]) continue;
    fields[field] = blockBytes;
    types[field] = typeOf(first[field]);
    blockBytes += align(first[field].byteLength);
  }
  const bytes = new Uint8Array(tiles.length * blockBytes);
  tiles.forEach((arrays, tile) => {
    for (const field of constantFields) {
      const array = arrays[field];
      if (array)
        bytes.set(
          new Uint8Array(array.buffer, array.byteOffset, array.byteLength),
          tile * blockBytes + fields[field]!,
        );
    }
  });
  const weightBytes = tiles.length * (first.weights?.byteLength ?? 0);
  return { bytes, fields, types, blockBytes, tiles: tiles.length, weightBytes, shift };
}

/** Values `from` .. `from + count` of each row of an array [row][stride]; zeros beyond the end of a row. */
export function sliceRows<A extends Int16Array | Int32Array>(
  values: A,
  stride: number,
  from: number,
  count: number,
): A {
  const rows = values.length / stride;
  const slice = new (values.constructor as new (length: number) => A)(rows * count);
  for (let row = 0; row < rows; row++) {
    const begin = row * stride + from;
    slice.set(values.subarray(begin, Math.min(begin + count, (row + 1) * stride)), row * count);
  }
  return slice;
}
