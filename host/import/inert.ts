import { Bag, PickleGlobal } from './pickle.js';

/**
 * What checkpoints hold besides tensors: NumPy numbers, paths, dates, configurations. All of it becomes plain
 * data here; no Python function is called and no class is instantiated, whatever its name.
 */

/** An object of an unknown class; its state is kept as data and never read. */
export class Opaque extends Bag {
  constructor(readonly type: string) {
    super();
  }
}

/** A NumPy dtype: its code ('f8') and, once its state is set, its byte order. */
export class Dtype extends Bag {
  order = '<';
  constructor(readonly code: string) {
    super();
  }
  override build(state: unknown): void {
    if (Array.isArray(state) && state[1] === '>') this.order = '>';
  }
}

type Bad = (why: string) => never;

const numpyTypes: Record<string, (view: DataView, little: boolean) => number> = {
  f8: (v, little) => v.getFloat64(0, little),
  f4: (v, little) => v.getFloat32(0, little),
  i8: (v, little) => Number(v.getBigInt64(0, little)),
  u8: (v, little) => Number(v.getBigUint64(0, little)),
  i4: (v, little) => v.getInt32(0, little),
  u4: (v, little) => v.getUint32(0, little),
  i2: (v, little) => v.getInt16(0, little),
  u2: (v, little) => v.getUint16(0, little),
  i1: (v) => v.getInt8(0),
  u1: (v) => v.getUint8(0),
  b1: (v) => v.getUint8(0),
};

/** A NumPy number; one of another type stays unknown. */
function numpyScalar([dtype, raw]: unknown[], bad: Bad): unknown {
  if (!(dtype instanceof Dtype)) return bad('a NumPy number without a type');
  const read = Object.hasOwn(numpyTypes, dtype.code) ? numpyTypes[dtype.code] : undefined;
  if (!read || !(raw instanceof Uint8Array)) return new Opaque(`numpy ${dtype.code}`);
  if (raw.length !== Number(dtype.code.slice(1)))
    return bad('a NumPy number whose length does not match its type');
  return read(new DataView(raw.buffer, raw.byteOffset, raw.length), dtype.order !== '>');
}

const pairsOf = ([pairs = []]: unknown[], bad: Bad): Map<unknown, unknown> => {
  if (pairs instanceof Map) return new Map(pairs);
  if (!Array.isArray(pairs) || !pairs.every((pair) => Array.isArray(pair) && pair.length === 2))
    return bad('a dict of items that are not pairs');
  return new Map(pairs as [unknown, unknown][]);
};
const items = ([list = []]: unknown[]): unknown => (Array.isArray(list) ? [...list] : []);
const path = (parts: unknown[]): string => parts.filter((part) => typeof part === 'string').join('/');
const opaque = (name: string) => new PickleGlobal(name, () => new Opaque(name));

const calls: Record<string, (args: unknown[], bad: Bad) => unknown> = {
  'collections.defaultdict': ([, ...rest], bad) => pairsOf(rest, bad),
  'collections.Counter': pairsOf,
  'collections.deque': items,
  'builtins.set': items,
  'builtins.frozenset': items,
  'builtins.list': items,
  'builtins.tuple': items,
  'builtins.dict': pairsOf,
  'builtins.bytearray': ([raw]) => raw,
  'builtins.complex': () => new Opaque('complex'),
  'builtins.slice': () => new Opaque('slice'),
  'builtins.range': () => new Opaque('range'),
  // Protocols before 3 write bytes this way.
  '_codecs.encode': ([text, encoding], bad) =>
    typeof text === 'string' && (encoding === 'latin1' || encoding === 'latin-1')
      ? Uint8Array.from(text, (c) => c.charCodeAt(0))
      : bad('bytes in an unknown encoding'),
  'numpy.dtype': ([code], bad) =>
    typeof code === 'string' ? new Dtype(code) : bad('a dtype without a name'),
};

/** `builtins` was `__builtin__` before Python 3, and `numpy._core` was `numpy.core` before NumPy 2. */
const renamed = (name: string): string[] =>
  name.startsWith('builtins.') ? [name, name.replace('builtins.', '__builtin__.')] : [name];

/** Number types that configurations name; never called. */
const numpyNames =
  'float16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool_ bool'.split(' ');

/** Everything that only holds data, by `module.name`. */
export const inertGlobals: PickleGlobal[] = [
  ...Object.entries(calls).flatMap(([name, call]) =>
    renamed(name).map((alias) => new PickleGlobal(alias, call)),
  ),
  // Factories of a defaultdict: only their names.
  ...['int', 'float', 'str', 'bool', 'bytes', 'object'].flatMap((type) =>
    renamed(`builtins.${type}`).map((name) => new PickleGlobal(name)),
  ),
  ...['numpy.core', 'numpy._core'].flatMap((core) => [
    new PickleGlobal(`${core}.multiarray.scalar`, numpyScalar),
    new PickleGlobal(`${core}.multiarray._reconstruct`, () => new Opaque('numpy.ndarray')),
    new PickleGlobal(`${core}.numeric._frombuffer`, () => new Opaque('numpy.ndarray')),
  ]),
  opaque('numpy.ndarray'),
  ...numpyNames.map((name) => new PickleGlobal(`numpy.${name}`)),
  ...['PosixPath', 'WindowsPath', 'PurePath', 'PurePosixPath', 'PureWindowsPath', 'Path'].flatMap((name) =>
    ['pathlib', 'pathlib._local'].map((module) => new PickleGlobal(`${module}.${name}`, path)),
  ),
  ...['datetime', 'date', 'time', 'timedelta', 'timezone'].map((name) => opaque(`datetime.${name}`)),
  // Some arguments of a class, as in norm_layer=partial(LayerNorm, eps=1e-6): it is never called, and its class is a name.
  new PickleGlobal('functools.partial', ([of], bad) =>
    of instanceof PickleGlobal ? new Opaque('functools.partial') : bad('a partial of what is not a class'),
  ),
  new PickleGlobal('argparse.Namespace', () => new Bag()),
  new PickleGlobal('types.SimpleNamespace', () => new Bag()),
  ...['copyreg', 'copy_reg'].map(
    (module) =>
      new PickleGlobal(
        `${module}._reconstructor`,
        ([type]) => new Opaque(type instanceof PickleGlobal ? type.name : 'object'),
      ),
  ),
];

/**
 * Modules whose classes have side effects: a checkpoint that names one is refused, although nothing would
 * run.
 */
const HOSTILE = new Set(
  (
    'os posix nt ntpath posixpath sys subprocess builtins __builtin__ importlib imp runpy code codeop pty socket ' +
    'socketserver ssl shutil ctypes cffi commands webbrowser pickle _pickle cPickle marshal shelve dill cloudpickle ' +
    'joblib types inspect operator functools itertools multiprocessing threading concurrent asyncio signal tempfile ' +
    'pdb bdb trace timeit profile cProfile pip setuptools distutils ensurepip venv requests urllib urllib3 http ' +
    'httpx aiohttp ftplib smtplib telnetlib xmlrpc io gc linecache site zipimport zipfile tarfile sqlite3 unittest ' +
    'doctest platform pydoc idlelib lib2to3 antigravity turtle tkinter getpass atexit weakref copyreg copy_reg torch'
  ).split(' '),
);

/** Parts of torch that hold training state; the rest is in the table in torch.ts or refused. */
const TORCH =
  /^torch\.(optim|nn|utils\.data|distributions|amp|cuda\.amp|fx|ao|quantization|_tensor|serialization)\./;

/**
 * An object of any other class: its name and state as data. Classes begin with a capital, functions do not;
 * undefined for anything that might be a function or is in a module with side effects, which is then refused
 * by name.
 */
export function unknownClass(name: string): PickleGlobal | undefined {
  const parts = name.split('.');
  const module = parts[0]!;
  const isClass =
    parts.length > 1 && /^_?[A-Z]\w*$/.test(parts.at(-1)!) && parts.every((p) => /^\w+$/.test(p));
  const isKnown = module === 'torch' ? TORCH.test(name) : !HOSTILE.has(module);
  return isClass && isKnown ? opaque(name) : undefined;
}
