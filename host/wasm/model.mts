import { bytesOf, contentsOf, messageOf, nameOf, tagOf } from './model-bytes.mjs';
import { pixelsOf } from './model-pixels.mjs';
import { type FrontEnd, signalOf } from './model-signal.mjs';

/**
 * Runs a spikelet model in Node and in browsers. Needs only model.wasm next to it; the build copies this file
 * as model.mjs and model.d.mts.
 */
export type Model = {
  name: string;
  /** Names of the classes, in the order of the logits. */
  classes: string[];
  /** Rows, columns and channels of an image. */
  shape: [rows: number, columns: number, channels: number];
  /** Value of one logit unit in the float network. */
  scale: number;
  /**
   * Logits of one image, [row][column][channel]: raw pixels 0..255 as Uint8Array, Uint8ClampedArray or
   * ImageData, or the network's own pixels as Int8Array. Throws a TypeError for any other type, a RangeError
   * for a wrong size, and an Error, on this and all later calls, if a thread has failed or ended.
   */
  infer(image: Uint8Array | Uint8ClampedArray | Int8Array | ImagePixels): Int32Array;
  /**
   * Logits of each image that is due after a piece of a raw signal, for a model whose front end takes one: samples of 16-bit
   * audio, samples of several channels, interleaved, or an event of a camera. Throws a TypeError for any other model or
   * values, and a RangeError where a sample is not whole or an event is outside of the sensor or before the last ones.
   */
  audio(samples: Int16Array): Int32Array[];
  samples(values: Int16Array): Int32Array[];
  event(x: number, y: number, polarity: number, microseconds: number): Int32Array[];
  /** The next piece of raw signal begins another recording. */
  restart(): void;
  /** Threads that share the work on an image. */
  threads: number;
  /** What its kernels need from the engine: relaxed, simd or swar. */
  tier: string;
  /** Ends the threads; a model with several threads cannot be used after that. */
  close(): Promise<void>;
};

/**
 * A canvas's ImageData, or an object like it: with the model's rows, columns and channels, or RGBA for a
 * model of three channels, if all pixels are opaque.
 */
export type ImagePixels = {
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
};

/** Where bytes come from: an address (in Node also a path), a Response or Blob, or the bytes themselves. */
export type Source =
  | string
  | { readonly href: string }
  | { arrayBuffer(): Promise<ArrayBuffer> }
  | ArrayBuffer
  | ArrayBufferView;

/**
 * A WebAssembly.Module, as some bundlers and Cloudflare Workers import a .wasm; without the DOM types it is
 * opaque.
 */
export type CompiledModule = { readonly byteLength?: never; readonly href?: never };

export type LoadOptions = {
  /**
   * Threads that share the work on an image; default 1. More need the model-threads.wasm of a build with
   * --threads.
   */
  threads?: number;
};

type Description = {
  name: string;
  tier: string;
  classes: string[];
  output: { scale: number };
  tensors: [name: string, kind: string, type: string, shape: Model['shape'], address: number, ring: number][];
  image: [address: number, bytes: number];
  arena: [address: number, bytes: number];
  pixelTable: number;
  frontEnd?: FrontEnd;
  outside?: [bytes: number, crc: number];
  threads?: [most: number, models: number, control: number, pages: number];
};

/**
 * The files next to this one. Bundlers look for every file named here, so build.ts drops the lines of files
 * that it does not write.
 */
const FILES: { [name: string]: (() => URL) | undefined } = {
  'model.wasm': () => new URL('./model.wasm', import.meta.url),
  'model.weights.bin': () => new URL('./model.weights.bin', import.meta.url),
  'model-relaxed.wasm': () => new URL('./model-relaxed.wasm', import.meta.url),
  'model-relaxed.weights.bin': () => new URL('./model-relaxed.weights.bin', import.meta.url),
  'model-swar.wasm': () => new URL('./model-swar.wasm', import.meta.url),
  'model-swar.weights.bin': () => new URL('./model-swar.weights.bin', import.meta.url),
  'model-threads.wasm': () => new URL('./model-threads.wasm', import.meta.url),
};
const CODE: { threads?: () => Promise<typeof import('./threads.mjs')> } = {
  threads: () => import('./threads.mjs'),
};

/** A function that makes a vector and drops it: valid only if the engine has SIMD. */
const VECTORS = [
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0],
  ...[10, 9, 1, 7, 0, 65, 0, 253, 15, 26, 11],
];

const hasVectors = (): boolean => WebAssembly.validate(Uint8Array.from(VECTORS));

/** Whether model.wasm itself needs no vectors; set by build.ts. */
const PLAIN = false;

/** assembly/known-relaxed.ts in base64, and its answer, if there is a model-relaxed.wasm; set by build.ts. */
const RELAXED = { known: '', answer: 0 };

/** Enough rounds for an engine with two compiler tiers to run both; 0.1 ms each. */
const [ROUNDS, TIMES] = [20_000, 8];

/** Whether the engine has relaxed SIMD that computes what the kernels rely on. */
async function relaxedIsRight(): Promise<boolean> {
  const bytes = Uint8Array.from(atob(RELAXED.known), (letter) => letter.charCodeAt(0));
  if (!bytes.length || !WebAssembly.validate(bytes)) return false;
  const { exports } = await WebAssembly.instantiate(await WebAssembly.compile(bytes));
  for (let time = 0; time < TIMES; time++) {
    if ((exports['knownAnswer'] as (rounds: number) => number)(ROUNDS) !== RELAXED.answer) return false;
    // Lets code that is compiled in the background take over.
    await new Promise((resolve) => setTimeout(resolve));
  }
  return true;
}

/**
 * Loads a model: by default the model.wasm next to this file, or model-relaxed.wasm if the build has one and
 * the engine passes its known-answer test, or model-swar.wasm if the build has one and the engine has no
 * vectors. Otherwise from `given`: an address, a Response, bytes, a WebAssembly.Module, or a promise of one
 * of them. A model with a weights file takes it from `weights`, by default the .weights.bin next to the
 * module. Several threads use model-threads.wasm; a page that is not isolated from other origins gets one
 * thread and a warning. Throws an Error that names the address if it does not hold a model, and one if the
 * module's memory differs from its description.
 */
export async function load(
  given?: Source | CompiledModule | PromiseLike<Source | CompiledModule>,
  weights?: Source | PromiseLike<Source>,
  options?: LoadOptions,
): Promise<Model> {
  const { threads = 1 } = optionsOf(options);
  if (!Number.isInteger(threads) || threads < 1)
    throw new RangeError(`threads must be a positive integer, got ${threads}`);
  if (typeof WebAssembly !== 'object') throw new Error('this engine has no WebAssembly');
  // In Node there is no page.
  const shares = globalThis.crossOriginIsolated ?? true;
  if (threads > 1 && !shares)
    console.warn('using one thread: several need the headers COOP: same-origin and COEP: require-corp');
  const wanted = shares ? threads : 1;
  const source = await given;
  const own = source === undefined || source === null ? await fileFor(wanted) : undefined;
  const { module, where, bytes } = await moduleOf(own ? address(own) : source!);
  const description = describe(module, where);
  const pages = Math.ceil((description.arena[0] + description.arena[1]) / 65536);
  // A memory that threads share is made here; the module has none.
  if (bytes) requireModest(bytes, description.threads ? 0 : pages, where);
  const { name, tier, classes, output, tensors, image, pixelTable, outside, threads: shared } = description;
  if (wanted > (shared?.[0] ?? 1)) throw tooMany(name, shared?.[0] ?? 1, wanted);
  const constants = outside
    ? await constantsOf((await weights) ?? weightsFor(own, where), outside, name)
    : undefined;
  const sharedMemory =
    shared && new WebAssembly.Memory({ initial: shared[3], maximum: shared[3], shared: true });
  const env = {
    ...(sharedMemory ? { memory: sharedMemory } : {}),
    trace() {},
    weights(offset: number, destination: number, length: number) {
      target.set(constants!.subarray(offset, offset + length), destination);
    },
    stalled: (): number => Number(crew.stalled?.() ?? false),
  };
  const instance = await WebAssembly.instantiate(module, { env });
  const memory = sharedMemory ?? (instance.exports['memory'] as WebAssembly.Memory);
  if (!sharedMemory && memory.buffer.byteLength !== pages * 65536)
    throw otherMemory(where, memory.buffer.byteLength / 65536, pages);
  const target = new Uint8Array(memory.buffer);
  const infer = instance.exports['infer'] as (...values: unknown[]) => number;
  const crew: { infer(): void; close(): Promise<void>; stalled?(): boolean } = shared
    ? await (await threadsCode(name)).startThreads(
        module,
        memory,
        infer,
        { models: shared[1], control: shared[2] },
        wanted,
      )
    : { infer: () => void infer(image[0]), close: async () => {} };
  const [rows, columns, channels] = tensors[0]![3];
  const size = rows * columns * channels;
  const pixels = new Int8Array(memory.buffer, tensors[0]![4], size);
  const table = new Int8Array(memory.buffer, pixelTable, 256 * channels);
  const logits = new Int32Array(memory.buffer, tensors.at(-1)![4], classes.length);
  const decide = () => {
    crew.infer();
    return logits.slice();
  };
  return {
    ...signalOf(description, instance.exports, memory, decide),
    name,
    classes,
    shape: [rows, columns, channels],
    scale: output.scale,
    tier,
    threads: wanted,
    close: crew.close,
    infer(values) {
      const { bytes, signed, stride } = pixelsOf(values, [rows, columns, channels], name);
      if (signed) pixels.set(bytes);
      else
        for (let pixel = 0, i = 0; i < size; pixel += stride)
          for (let c = 0; c < channels; c++, i++) pixels[i] = table[c * 256 + bytes[pixel + c]!]!;
      return decide();
    },
  };
}

function optionsOf(options: LoadOptions | undefined): LoadOptions {
  if (options === undefined) return {};
  if (options === null || typeof options !== 'object' || tagOf(options) !== 'Object')
    throw new TypeError(`load() takes options like { threads: 4 } and got ${nameOf(options)}`);
  const unknown = Object.keys(options).find((name) => name !== 'threads');
  if (unknown !== undefined) throw new TypeError(`load() has no option '${unknown}', only threads`);
  return options;
}

const otherMemory = (where: string, found: number, pages: number) =>
  new Error(
    `${where} is not started: its memory is ${found} pages, and its model's ${pages}; build it again, the file is damaged or not of 'spikelet build'`,
  );

/**
 * Throws where a module that compiles would take more memory than its model, or run by itself, before it is
 * started: the code in a damaged file could fill all of it.
 */
function requireModest(bytes: Uint8Array, pages: number, where: string): void {
  let at = 8;
  // LEB128, unsigned.
  const number = () => {
    for (let value = 0, scale = 1; ; scale *= 128) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const section = bytes[at++];
    const end = number() + at;
    if (section === 8) throw new Error(`${where} is not started: it has a start function, as no model does`);
    if (section === 5) {
      const count = number();
      const flags = number();
      const least = number();
      const most = flags === 1 ? number() : Number.POSITIVE_INFINITY;
      if (count !== 1 || least !== pages) throw otherMemory(where, least, pages);
      if (most !== pages) throw otherMemory(where, most, pages);
    }
    at = end;
  }
}

const tooMany = (name: string, most: number, wanted: number) =>
  new RangeError(`'${name}' was built for ${most} threads, not ${wanted}: build it with --threads`);

async function threadsCode(name: string): Promise<typeof import('./threads.mjs')> {
  if (!CODE.threads)
    throw new Error(`'${name}' is for several threads: load it with the model.mjs of its build`);
  return CODE.threads();
}

/** Which of the files next to this one to load. */
async function fileFor(threads: number): Promise<string> {
  if (threads > 1) {
    if (!FILES['model-threads.wasm']) throw tooMany('model', 1, threads);
    return 'model-threads.wasm';
  }
  if (PLAIN) return 'model.wasm';
  if (!hasVectors()) {
    if (!FILES['model-swar.wasm']) throw new Error(NO_VECTORS);
    return 'model-swar.wasm';
  }
  return FILES['model-relaxed.wasm'] && (await relaxedIsRight()) ? 'model-relaxed.wasm' : 'model.wasm';
}

const NO_VECTORS =
  "this engine has no SIMD (128-bit vectors), which model.wasm needs: add a module without it with 'spikelet build --also swar'";

/** Address of a file next to this one. Some bundles do not know their own address. */
function address(file: string): string {
  try {
    return FILES[file]!().href;
  } catch (cause) {
    throw new Error(`this bundle does not know where ${file} is: give load() its address or its bytes`, {
      cause,
    });
  }
}

/**
 * Address of a module's weights: our own file, which a bundler may have renamed, or next to the given
 * address.
 */
function weightsFor(own: string | undefined, where: string): string | undefined {
  if (own) return address(own.replace('.wasm', '.weights.bin'));
  return /\.wasm(?=$|[?#])/.test(where) ? where.replace(/\.wasm(?=$|[?#])/, '.weights.bin') : undefined;
}

async function moduleOf(
  source: Source | CompiledModule,
): Promise<{ module: WebAssembly.Module; where: string; bytes?: Uint8Array }> {
  // By tag, because objects of another realm (a frame, a worker, a sandbox) are not instances of this realm's
  // classes.
  if (tagOf(source) === 'WebAssembly.Module')
    return { module: source, where: 'the given WebAssembly.Module' };
  const found = await bytesOf(source as Source);
  const { bytes, where } = found;
  if (![0, 97, 115, 109].every((byte, i) => bytes[i] === byte))
    throw new Error(`${where} is not WebAssembly: ${contentsOf(found)}`);
  try {
    return { module: await WebAssembly.compile(bytes), where, bytes };
  } catch (cause) {
    const why = hasVectors() ? messageOf(cause) : `${NO_VECTORS} (${messageOf(cause)})`;
    throw new Error(`${where} does not compile: ${why}`, { cause });
  }
}

function describe(module: WebAssembly.Module, where: string): Description {
  const section = WebAssembly.Module.customSections(module, 'spikelet')[0];
  if (!section) throw new Error(`${where} is not a spikelet model: it has no section 'spikelet'`);
  // Worklets lack TextDecoder.
  const bytes = new Uint8Array(section);
  const text =
    typeof TextDecoder === 'function'
      ? new TextDecoder().decode(bytes)
      : decodeURIComponent(Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''));
  return JSON.parse(text);
}

async function constantsOf(
  source: Source | undefined,
  [length, crc]: [bytes: number, crc: number],
  name: string,
): Promise<Uint8Array> {
  if (source === undefined)
    throw new Error(`'${name}' needs its weights file: pass it as the second argument`);
  const found = await bytesOf(source);
  const { bytes, where } = found;
  if (bytes.length !== length)
    throw new Error(
      `'${name}' has ${length} bytes of weights, not ${bytes.length}: ${where}, ${contentsOf(found)}`,
    );
  if (crc32(bytes) !== crc)
    throw new Error(
      `${where} does not hold the weights of '${name}': the files are from different builds, or damaged`,
    );
  return bytes;
}

function crc32(bytes: Uint8Array): number {
  const table = Uint32Array.from({ length: 256 }, (_, value) => {
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    return value;
  });
  let crc = -1;
  for (const byte of bytes) crc = table[(crc ^ byte) & 255]! ^ (crc >>> 8);
  return ~crc >>> 0;
}
