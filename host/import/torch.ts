import { SpikeletError } from '../../models/error.js';
import { elementTypes } from '../../models/safetensors.js';
import { product, type TensorData, toFloat32 } from '../../models/tensor.js';
import { printable } from '../system/printable.js';
import { isZip, readZip } from '../system/zip.js';
import { inertGlobals, unknownClass } from './inert.js';
import { PickleGlobal, type PickleRules, textOf, unpickle } from './pickle.js';

/**
 * What torch.save writes, without Python: the zip format (since PyTorch 1.6) and the older one, a sequence of
 * pickles followed by the storages' bytes. Tensors stay references until they are read.
 */
export type TorchFile = {
  value: unknown;
  /** Names of unknown Python classes whose objects were kept as unread data. */
  unknown: Set<string>;
  /** A tensor's values in order, as float32; `name` is for errors. */
  read: (tensor: TensorRef, name: string) => Float32Array;
};

/** One block of memory that tensors are views of. */
export class StorageRef {
  constructor(
    readonly type: string,
    readonly key: string,
    readonly length: number,
  ) {}
  get bytes(): number {
    return this.length * elementTypes[this.type]!.bytes;
  }
}

/** Element [i, j, ...] of a tensor is element offset + i * stride[0] + j * stride[1] + ... of its storage. */
export class TensorRef {
  constructor(
    readonly storage: StorageRef,
    readonly offset: number,
    readonly size: number[],
    readonly stride: number[],
  ) {}
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isCounts = (value: unknown): value is number[] =>
  Array.isArray(value) && value.length <= 16 && value.every(isCount);

const storageTypes: Record<string, string> = {
  DoubleStorage: 'F64',
  FloatStorage: 'F32',
  HalfStorage: 'F16',
  BFloat16Storage: 'BF16',
  LongStorage: 'I64',
  IntStorage: 'I32',
  ShortStorage: 'I16',
  CharStorage: 'I8',
  ByteStorage: 'U8',
  BoolStorage: 'BOOL',
};

const dtypes = [
  'float64',
  'float32',
  'float16',
  'bfloat16',
  'int64',
  'int32',
  'int16',
  'int8',
  'uint8',
  'bool',
];

function rebuildTensor([storage, offset, size, stride]: unknown[], bad: (why: string) => never): TensorRef {
  if (!(storage instanceof StorageRef) || !isCount(offset) || !isCounts(size) || !isCounts(stride))
    return bad('a tensor with a wrong storage, offset, size or stride');
  if (size.length !== stride.length)
    return bad(`a tensor with ${size.length} sizes and ${stride.length} strides`);
  return new TensorRef(storage, offset, [...size], [...stride]);
}

/** Tensors that cannot be read, by the torch function that rebuilds or stores them, and what to do. */
const otherTensors: [name: RegExp, what: string, hint: string][] = [
  [
    /^torch\.(_utils\._rebuild_qtensor|per_\w+|Q(U?Int(8|32|4x2|2x4))Storage)$/,
    'quantized tensors',
    "import the float checkpoint: 'spikelet quantize' rounds the weights",
  ],
  [/^torch\._utils\._rebuild_sparse/, 'sparse tensors', 'save them dense: tensor.to_dense()'],
  [/^torch\.Complex(Float|Double|Half)Storage$/, 'complex numbers', 'save real tensors'],
  [/^torch\._utils\._rebuild_nested_tensor$/, 'nested tensors', 'save plain tensors'],
  [/^torch\._utils\._rebuild_meta_tensor/, 'tensors without values (device meta)', 'load the values first'],
  [
    /^torch\._utils\._rebuild_(device_tensor|xla)/,
    'tensors of another device',
    'save them from the CPU: {k: v.cpu() for k, v in model.state_dict().items()}',
  ],
  [
    /^torch\.(_utils\._rebuild_(tensor_v3|wrapper_subclass)|(storage\.)?UntypedStorage|Float8\w*Storage)$/,
    'tensors of an unsupported type',
    'save them as float32: tensor.float()',
  ],
];

/** Every Python name that a checkpoint may refer to. */
const globals = new Map(
  [
    new PickleGlobal('collections.OrderedDict', ([pairs = []], bad) => {
      if (!Array.isArray(pairs) || !pairs.every((pair) => Array.isArray(pair) && pair.length === 2))
        return bad('an OrderedDict of items that are not pairs');
      return new Map(pairs as [unknown, unknown][]);
    }),
    ...inertGlobals,
    // The first is from PyTorch before 0.4.
    ...['_rebuild_tensor', '_rebuild_tensor_v2'].map(
      (name) => new PickleGlobal(`torch._utils.${name}`, rebuildTensor),
    ),
    new PickleGlobal('torch._utils._rebuild_parameter', ([tensor], bad) =>
      tensor instanceof TensorRef ? tensor : bad('a parameter that is not a tensor'),
    ),
    new PickleGlobal('torch._utils._rebuild_parameter_with_state', ([tensor], bad) =>
      tensor instanceof TensorRef ? tensor : bad('a parameter that is not a tensor'),
    ),
    // A tensor with extra attributes, or of a subclass.
    new PickleGlobal('torch._tensor._rebuild_from_type_v2', ([build, , args], bad) =>
      build instanceof PickleGlobal && build.call && Array.isArray(args)
        ? build.call(args, bad)
        : bad('a tensor of a class that cannot be rebuilt'),
    ),
    new PickleGlobal('torch.Tensor'),
    new PickleGlobal('torch.nn.parameter.Parameter'),
    new PickleGlobal('torch.Size', ([sizes]) => sizes),
    new PickleGlobal('torch.device', ([device]) => device),
    new PickleGlobal('torch.torch_version.TorchVersion', ([version]) => version),
    new PickleGlobal('torch.serialization._get_layout', ([layout]) => layout),
    ...['contiguous_format', 'channels_last', 'channels_last_3d', 'preserve_format', 'strided'].map(
      (name) => new PickleGlobal(`torch.${name}`),
    ),
    ...Object.keys(storageTypes).map((name) => new PickleGlobal(`torch.${name}`)),
    ...dtypes.map((name) => new PickleGlobal(`torch.${name}`)),
  ].map((global) => [global.name, global]),
);

/** ('storage', torch.FloatStorage, key, device, length): the only form of persistent id. */
function storageOf(id: unknown, bad: (why: string) => never): StorageRef {
  if (!Array.isArray(id) || id[0] !== 'storage') return bad('a persistent id that is not a storage');
  const [, global, key, , length, view] = id as unknown[];
  const type = global instanceof PickleGlobal ? storageTypes[global.name.replace('torch.', '')] : undefined;
  if (!type || typeof key !== 'string' || !isCount(length)) return bad('a storage of unknown type or length');
  if (view !== undefined && view !== null) return bad('a storage that is a view of another');
  return new StorageRef(type, key, length);
}

/** Reads either format. Throws a SpikeletError that begins with `label`; so may `read`. */
export function readTorch(bytes: Uint8Array, label: string): TorchFile {
  return isZip(bytes) ? readZipFormat(bytes, label) : readLegacyFormat(bytes, label);
}

function readZipFormat(bytes: Uint8Array, label: string): TorchFile {
  const entries = readZip(bytes, label);
  const pickles = [...entries.keys()].filter((name) => /^(.*\/)?data\.pkl$/.test(name));
  if (pickles.length > 1)
    throw new SpikeletError(
      `${label} is a zip archive of several checkpoints: ${pickles.slice(0, 4).map(printable).join(', ')}`,
      { hint: 'unpack it, and zip the folder of one of them' },
    );
  if (!pickles.length)
    throw new SpikeletError(`${label} is a zip archive without a checkpoint: 'data.pkl' is missing`, {
      hint: 'it should be what torch.save(model.state_dict(), ...) wrote',
    });
  const prefix = pickles[0]!.slice(0, -'data.pkl'.length);
  const order = entries.get(`${prefix}byteorder`);
  if (order && new TextDecoder().decode(order.read()) !== 'little') throw bigEndian(label);
  const refs = new Map<string, StorageRef>();
  const unknown = new Set<string>();
  const { value } = unpickle(entries.get(pickles[0]!)!.read(), 0, rulesInto(label, refs, unknown), label);
  return {
    value,
    unknown,
    read: reader(label, ({ key, bytes }) => {
      const entry = entries.get(`${prefix}data/${key}`);
      return entry?.size === bytes ? entry.read() : undefined;
    }),
  };
}

/**
 * Magic number, format version and sizes of types, the value and the storages' keys: five pickles, then each
 * storage.
 */
function readLegacyFormat(bytes: Uint8Array, label: string): TorchFile {
  let at = 0;
  const next = (rules: PickleRules): unknown => {
    const { value, end } = unpickle(bytes, at, rules, label);
    at = end;
    return value;
  };
  const noStorages: PickleRules = { globals, persistent: (_, bad) => bad('a storage before the checkpoint') };
  if (next(noStorages) !== MAGIC || next(noStorages) !== LEGACY_VERSION)
    throw new SpikeletError(`${label} is a pickle, but not one that torch.save wrote`, {
      hint: 'save the checkpoint with torch.save(model.state_dict(), ...)',
    });
  const system = next(noStorages);
  if (system instanceof Map && system.get('little_endian') === false) throw bigEndian(label);
  const refs = new Map<string, StorageRef>();
  const unknown = new Set<string>();
  const value = next(rulesInto(label, refs, unknown));
  const keys = next(noStorages);
  const cutOff = (why: string): never => {
    throw new SpikeletError(`${label} is damaged: ${why}`, { hint: 'is the file complete?' });
  };
  if (!Array.isArray(keys)) return cutOff('the list of its storages is missing');
  const ranges = new Map<string, Uint8Array>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const key of keys) {
    const ref = refs.get(key as string);
    if (!ref || ranges.has(ref.key))
      return cutOff(`it lists the storage '${printable(textOf(key))}', which no tensor uses`);
    if (at + 8 + ref.bytes > bytes.length)
      return cutOff(
        `storage '${printable(ref.key)}' is at bytes ${at + 8}..${at + 8 + ref.bytes} of ${bytes.length}`,
      );
    if (Number(view.getBigInt64(at, true)) !== ref.length)
      return cutOff(`storage '${printable(ref.key)}' does not hold the ${ref.length} values that it claims`);
    ranges.set(ref.key, bytes.subarray(at + 8, at + 8 + ref.bytes));
    at += 8 + ref.bytes;
  }
  return { value, unknown, read: reader(label, ({ key }) => ranges.get(key)) };
}

/** Most values that all expanded tensors together may repeat. */
const MAX_REPEATED = 2 ** 22;

const MAGIC = 0x1950a86a20f9469cfc6cn;
const LEGACY_VERSION = 1001;

const bigEndian = (label: string) =>
  new SpikeletError(`${label} was written by a big-endian machine`, {
    hint: 'load and save it again on another machine',
  });

/** Rules that collect the storages and the unknown classes that a pickle names. */
const rulesInto = (label: string, refs: Map<string, StorageRef>, unknown: Set<string>): PickleRules => ({
  globals,
  unknown(name) {
    const [, what, hint] = otherTensors.find(([pattern]) => pattern.test(name)) ?? [];
    if (what && hint)
      throw new SpikeletError(`${label} holds ${what}, which spikelet does not read`, { hint });
    const found = unknownClass(name);
    if (found) unknown.add(name);
    return found;
  },
  persistent(id, bad) {
    const ref = storageOf(id, bad);
    const known = refs.get(ref.key);
    if (known && (known.type !== ref.type || known.length !== ref.length))
      return bad(`the storage '${printable(ref.key)}' has two types or lengths`);
    refs.set(ref.key, known ?? ref);
    return known ?? ref;
  },
});

/**
 * `bytesOf` gives a storage's bytes; undefined if they are missing or of another length. Tied parameters
 * share a storage; a file where everything shares one would fill the memory, so the number of values read is
 * bounded.
 */
function reader(label: string, bytesOf: (ref: StorageRef) => Uint8Array | undefined): TorchFile['read'] {
  const storages = new Map<StorageRef, TensorData>();
  let left = 0;
  let repeated = MAX_REPEATED;
  return (tensor, name) => {
    const bad = (why: string): never => {
      throw new SpikeletError(`${label}: tensor '${printable(name)}' ${why}`, {
        hint: 'is the file complete?',
      });
    };
    const { storage } = tensor;
    requireInside(tensor, bad);
    let data = storages.get(storage);
    if (!data) {
      const raw =
        bytesOf(storage) ??
        bad(`needs the ${storage.bytes} bytes of storage '${printable(storage.key)}', which are missing`);
      data = elementTypes[storage.type]!.read(new Uint8Array(raw).buffer);
      storages.set(storage, data);
      left += 4 * data.length;
    }
    const distinct = product(tensor.size.filter((_, i) => tensor.stride[i]! > 0));
    left -= distinct;
    repeated -= product(tensor.size) - distinct;
    if (left < 0 || repeated < 0) return bad('is one of too many that share a storage');
    return toFloat32(gather(data, tensor));
  };
}

/**
 * Refuses a tensor that reaches beyond its storage or whose rows overlap. An axis of stride 0 repeats values
 * (expand()).
 */
function requireInside({ storage, offset, size, stride }: TensorRef, bad: (why: string) => never): void {
  if (product(size) === 0) return;
  let last = offset;
  for (const [i, n] of size.entries()) last += (n - 1) * stride[i]!;
  if (!(last < storage.length))
    bad(
      `[${size}] with strides [${stride}] at ${offset} reaches beyond the ${storage.length} values of its storage`,
    );
  const axes = [...size.keys()]
    .filter((i) => size[i]! > 1 && stride[i]! > 0)
    .sort((a, b) => stride[a]! - stride[b]!);
  let extent = 1;
  for (const i of axes) {
    if (stride[i]! < extent) bad(`[${size}] with strides [${stride}] overlaps itself`);
    extent += (size[i]! - 1) * stride[i]!;
  }
}

/** A tensor's values in order, row-major. */
function gather(data: TensorData, { offset, size, stride }: TensorRef): TensorData {
  const count = product(size);
  // The array type does not matter: values are only moved.
  const result = data.slice(offset, offset + count) as Float32Array;
  const contiguous = size.every((n, i) => n === 1 || stride[i] === product(size.slice(i + 1)));
  if (contiguous) return result;
  const index = new Array<number>(size.length).fill(0);
  let from = offset;
  for (let at = 0; at < count; at++) {
    result[at] = (data as Float32Array)[from]!;
    for (let axis = size.length - 1; axis >= 0; axis--) {
      from += stride[axis]!;
      if (++index[axis]! < size[axis]!) break;
      from -= size[axis]! * stride[axis]!;
      index[axis] = 0;
    }
  }
  return result;
}
