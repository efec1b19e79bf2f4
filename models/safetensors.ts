import { ascii } from './ascii.js';
import { SpikeletError } from './error.js';
import { product, type Tensor, type TensorData } from './tensor.js';

/**
 * The .safetensors container: 8 bytes of header length (little-endian), a JSON header
 * `{name: {dtype, shape, data_offsets: [begin, end]}, __metadata__: {string: string}}`, then the data.
 * The reader trusts nothing: the ranges of all tensors must cover the data exactly, without hole or overlap.
 */
export type Safetensors = { tensors: Map<string, Tensor>; metadata: Record<string, string> };

/** Limits that no network that spikelet can run exceeds: bytes of header, tensors, characters of a name. */
const MAX_HEADER = 8_000_000;
const MAX_TENSORS = 50_000;
const MAX_NAME = 1000;

const half = (bits: number): number => {
  const exponent = (bits >> 10) & 31;
  const mantissa = bits & 1023;
  const magnitude =
    exponent === 0
      ? mantissa * 2 ** -24
      : exponent === 31
        ? mantissa
          ? Number.NaN
          : Number.POSITIVE_INFINITY
        : (1024 + mantissa) * 2 ** (exponent - 25);
  return bits & 0x8000 ? -magnitude : magnitude;
};

/** 16-bit floats to float32, exactly. */
export const fromHalf = (raw: Uint16Array): Float32Array => Float32Array.from(raw, half);
export const fromBfloat16 = (raw: Uint16Array): Float32Array =>
  new Float32Array(Uint32Array.from(raw, (bits) => bits << 16).buffer);

type ElementType = { bytes: number; read: (bytes: ArrayBuffer) => TensorData };

/** Types of elements by their name in the format: bytes of one, and how a buffer of them becomes values. */
export const elementTypes: Record<string, ElementType> = {
  F64: { bytes: 8, read: (b) => new Float64Array(b) },
  F32: { bytes: 4, read: (b) => new Float32Array(b) },
  F16: { bytes: 2, read: (b) => fromHalf(new Uint16Array(b)) },
  BF16: { bytes: 2, read: (b) => fromBfloat16(new Uint16Array(b)) },
  I64: { bytes: 8, read: (b) => new BigInt64Array(b) },
  I32: { bytes: 4, read: (b) => new Int32Array(b) },
  U32: { bytes: 4, read: (b) => new Uint32Array(b) },
  I16: { bytes: 2, read: (b) => new Int16Array(b) },
  U16: { bytes: 2, read: (b) => new Uint16Array(b) },
  I8: { bytes: 1, read: (b) => new Int8Array(b) },
  U8: { bytes: 1, read: (b) => new Uint8Array(b) },
  BOOL: { bytes: 1, read: (b) => new Uint8Array(b) },
};

const dtypeOf = (data: TensorData): string => {
  if (data instanceof Float64Array) return 'F64';
  if (data instanceof Float32Array) return 'F32';
  if (data instanceof BigInt64Array) return 'I64';
  if (data instanceof Int32Array) return 'I32';
  if (data instanceof Uint32Array) return 'U32';
  if (data instanceof Int16Array) return 'I16';
  if (data instanceof Uint16Array) return 'U16';
  if (data instanceof Int8Array) return 'I8';
  return 'U8';
};

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/**
 * Reads a whole file. Throws a SpikeletError that begins with `label` on anything that is not as the format
 * says.
 */
export function readSafetensors(bytes: Uint8Array, label = 'file'): Safetensors {
  const bad = (why: string): never => {
    throw new SpikeletError(`${label} is not a valid .safetensors: ${why}`, {
      hint: 'is the file complete, and is it really .safetensors?',
    });
  };
  if (bytes.length < 8) return bad(`it is ${bytes.length} bytes long`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerLength = Number(view.getBigUint64(0, true));
  if (headerLength > bytes.length - 8)
    return bad(`the header claims ${headerLength} bytes, ${bytes.length - 8} are there`);
  if (headerLength > MAX_HEADER)
    return bad(`the header claims ${headerLength} bytes, at most ${MAX_HEADER} are read`);
  let header: unknown;
  try {
    header = JSON.parse(
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, 8 + headerLength)),
    );
  } catch {
    return bad('the header is not JSON');
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header))
    return bad('the header is not an object');
  const { __metadata__: metadata = {}, ...entries } = header as Record<string, unknown>;
  if (
    typeof metadata !== 'object' ||
    metadata === null ||
    Object.values(metadata).some((value) => typeof value !== 'string')
  )
    return bad('__metadata__ does not map strings to strings');

  // A plain Uint8Array, because a Node Buffer's slice is a view and these must be aligned copies.
  const dataAt = 8 + headerLength;
  const data = new Uint8Array(bytes.buffer, bytes.byteOffset + dataAt, bytes.byteLength - dataAt);
  const ranges: { name: string; shape: number[]; type: ElementType; begin: number; end: number }[] = [];
  if (Object.keys(entries).length > MAX_TENSORS)
    return bad(`it has ${Object.keys(entries).length} tensors, at most ${MAX_TENSORS} are read`);
  for (const [name, entry] of Object.entries(entries)) {
    if (name.length > MAX_NAME)
      return bad(`a name of ${name.length} characters, at most ${MAX_NAME} are read`);
    const what = `tensor '${ascii(name.slice(0, 100))}'`;
    const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
    const type =
      typeof dtype === 'string' && Object.hasOwn(elementTypes, dtype) ? elementTypes[dtype] : undefined;
    if (!type) return bad(`${what} has an unknown type`);
    if (!Array.isArray(shape) || shape.length > 16 || !shape.every(isCount))
      return bad(`the shape of ${what} is not a list of sizes`);
    if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount))
      return bad(`${what} has no data_offsets`);
    const [begin, end] = offsets as [number, number];
    if (begin > end || end > data.length)
      return bad(`${what} is at ${begin}..${end} of ${data.length} bytes of data`);
    if (product(shape) * type.bytes !== end - begin)
      return bad(`${what}, ${dtype} [${shape}], does not fill its ${end - begin} bytes`);
    ranges.push({ name, shape, type, begin, end });
  }
  let covered = 0;
  for (const { name, begin, end } of ranges.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== covered)
      return bad(
        `tensor '${ascii(name.slice(0, 100))}' begins at ${begin}, the one before it ends at ${covered}`,
      );
    covered = end;
  }
  if (covered !== data.length) return bad(`${data.length - covered} bytes at the end belong to no tensor`);
  // Only now that no two share bytes, so that their copies take no more memory than the file.
  const tensors = new Map<string, Tensor>();
  for (const { name, shape, type, begin, end } of ranges)
    tensors.set(name, { shape, data: type.read(data.slice(begin, end).buffer) });
  return { tensors, metadata: metadata as Record<string, string> };
}

/** The bytes of a file; larger element types come first, so that every tensor is aligned. */
export function writeSafetensors(
  tensors: Map<string, Tensor>,
  metadata: Record<string, string> = {},
): Uint8Array {
  const ordered = [...tensors].sort(([, a], [, b]) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT);
  const header: Record<string, unknown> = Object.keys(metadata).length ? { __metadata__: metadata } : {};
  let offset = 0;
  for (const [name, { shape, data }] of ordered) {
    header[name] = { dtype: dtypeOf(data), shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  let text = new TextEncoder().encode(JSON.stringify(header));
  const padding = (8 - (text.length % 8)) % 8;
  if (padding) text = new Uint8Array([...text, ...new Array(padding).fill(0x20)]);
  const bytes = new Uint8Array(8 + text.length + offset);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  let at = 8 + text.length;
  for (const [, { data }] of ordered) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}
