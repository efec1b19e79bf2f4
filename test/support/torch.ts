import { deflateRawSync } from 'node:zlib';
import { crc32, type Tensor, toFloat32 } from '../../models/index.js';

/** A writer of what torch.save writes, and of what it never would, for tests of the reader. */
export type Py =
  | null
  | boolean
  | number
  | bigint
  | string
  | Py[]
  | Map<Py, Py>
  | { tuple: Py[] }
  | { global: [module: string, name: string] }
  | { call: [module: string, name: string]; args: Py[]; state?: Py }
  | { persistent: Py };

export const concat = (parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
export const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
const u32 = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer);

/** Pickle of protocol 2 without memo. */
export const pickle = (value: Py): Uint8Array =>
  concat([Uint8Array.of(0x80, 2), ...opcodes(value), ascii('.')]);

function opcodes(value: Py): Uint8Array[] {
  if (value === null) return [ascii('N')];
  if (typeof value === 'boolean') return [Uint8Array.of(value ? 0x88 : 0x89)];
  if (typeof value === 'bigint') {
    const bytes: number[] = [];
    for (let rest = value; rest > 0n; rest >>= 8n) bytes.push(Number(rest & 255n));
    return [Uint8Array.of(0x8a, bytes.length + 1, ...bytes, 0)];
  }
  if (typeof value === 'number') {
    if (Number.isInteger(value) && Math.abs(value) < 2 ** 31) return [ascii('J'), u32(value)];
    const bytes = new Uint8Array(8);
    if (Number.isInteger(value)) {
      new DataView(bytes.buffer).setBigInt64(0, BigInt(value), true);
      return [Uint8Array.of(0x8a, 8), bytes];
    }
    new DataView(bytes.buffer).setFloat64(0, value);
    return [ascii('G'), bytes];
  }
  if (typeof value === 'string') return [ascii('X'), u32(ascii(value).length), ascii(value)];
  if (Array.isArray(value)) return [ascii(']('), ...value.flatMap(opcodes), ascii('e')];
  if (value instanceof Map) return [ascii('}('), ...[...value].flat().flatMap(opcodes), ascii('u')];
  if ('tuple' in value) return [ascii('('), ...value.tuple.flatMap(opcodes), ascii('t')];
  if ('global' in value) return [ascii(`c${value.global.join('\n')}\n`)];
  if ('persistent' in value) return [...opcodes(value.persistent), ascii('Q')];
  const call = [...opcodes({ global: value.call }), ...opcodes({ tuple: value.args }), ascii('R')];
  return value.state === undefined ? call : [...call, ...opcodes(value.state), ascii('b')];
}

export const orderedDict = (entries: Iterable<[string, Py]>): Py => ({
  call: ['collections', 'OrderedDict'],
  args: [[...entries].map(([key, value]) => ({ tuple: [key, value] }))],
});

/** A view of a storage. */
export type View = {
  type?: string;
  key: string;
  length: number;
  offset?: number;
  size: number[];
  stride: number[];
};

export const tensorAt = ({ type = 'FloatStorage', key, length, offset = 0, size, stride }: View): Py => ({
  call: ['torch._utils', '_rebuild_tensor_v2'],
  args: [
    { persistent: { tuple: ['storage', { global: ['torch', type] }, key, 'cpu', length] } },
    offset,
    { tuple: size },
    { tuple: stride },
    false,
    { call: ['collections', 'OrderedDict'], args: [] },
  ],
});

export const stridesOf = (shape: number[]): number[] =>
  shape.map((_, i) => shape.slice(i + 1).reduce((a, b) => a * b, 1));

export const bytesOf = (data: ArrayBufferView): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** The entries of a state_dict and the storages they name, one for every tensor. */
export function stateEntries(params: Map<string, Tensor>): {
  entries: [string, Py][];
  storages: Map<string, Uint8Array>;
} {
  const storages = new Map<string, Uint8Array>();
  const entries = [...params].map(([name, { shape, data }], i): [string, Py] => {
    storages.set(String(i), bytesOf(toFloat32(data)));
    const view = { key: String(i), length: data.length, size: shape, stride: stridesOf(shape) };
    return [name, tensorAt(view)];
  });
  return { entries, storages };
}

export function stateDict(params: Map<string, Tensor>): { value: Py; storages: Map<string, Uint8Array> } {
  const { entries, storages } = stateEntries(params);
  return { value: orderedDict(entries), storages };
}

export type ZipInput = {
  name: string;
  data: Uint8Array;
  deflate?: boolean;
  /** Size that the headers claim. */
  claims?: number;
};

export function zip(files: ZipInput[]): Uint8Array {
  const locals: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const { name, data, deflate, claims } of files) {
    const packed = deflate ? deflateRawSync(data) : data;
    const header = (length: number, fields: [offset: number, value: number, bytes: 2 | 4][]) => {
      const view = new DataView(new ArrayBuffer(length));
      for (const [offset, value, bytes] of fields)
        if (bytes === 2) view.setUint16(offset, value, true);
        else view.setUint32(offset, value, true);
      return new Uint8Array(view.buffer);
    };
    const method = deflate ? 8 : 0;
    const crc = crc32(data);
    const size = claims ?? data.length;
    const encoded = ascii(name);
    const local = header(30, [
      [0, 0x04034b50, 4],
      [8, method, 2],
      [26, encoded.length, 2],
    ]);
    const central = header(46, [
      [0, 0x02014b50, 4],
      [10, method, 2],
      [16, crc, 4],
      [20, packed.length, 4],
      [24, size, 4],
      [28, encoded.length, 2],
      [42, at, 4],
    ]);
    locals.push(local, encoded, packed);
    directory.push(central, encoded);
    at += local.length + encoded.length + packed.length;
  }
  const length = directory.reduce((sum, part) => sum + part.length, 0);
  const end = new DataView(new ArrayBuffer(22));
  end.setUint32(0, 0x06054b50, true);
  end.setUint16(8, files.length, true);
  end.setUint16(10, files.length, true);
  end.setUint32(12, length, true);
  end.setUint32(16, at, true);
  return concat([...locals, ...directory, new Uint8Array(end.buffer)]);
}

/** torch.save since PyTorch 1.6. */
export const torchZip = (
  pickled: Uint8Array,
  storages: Map<string, Uint8Array>,
  options: { deflate?: boolean } = {},
): Uint8Array =>
  zip([
    { name: 'archive/data.pkl', data: pickled, ...options },
    ...[...storages].map(([key, data]) => ({ name: `archive/data/${key}`, data, ...options })),
    { name: 'archive/version', data: ascii('3\n') },
  ]);

/** torch.save before PyTorch 1.6; storages of `elementBytes` bytes a value. */
export const torchLegacy = (
  pickled: Uint8Array,
  storages: Map<string, Uint8Array>,
  elementBytes = 4,
): Uint8Array =>
  concat([
    pickle(0x1950a86a20f9469cfc6cn),
    pickle(1001),
    pickle(new Map<Py, Py>([['little_endian', true]])),
    pickled,
    pickle([...storages.keys()]),
    ...[...storages.values()].flatMap((data) => [
      new Uint8Array(BigInt64Array.of(BigInt(data.length / elementBytes)).buffer),
      data,
    ]),
  ]);
