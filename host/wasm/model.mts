/**
 * Runs a spikelet model in Node and in browsers. Needs nothing but model.wasm beside it; the build copies this file
 * as model.mjs and model.d.mts.
 */
export type Model = {
  name: string;
  /** Names of the classes, in the order of the logits. */
  classes: string[];
  /** Rows, columns and channels of an image. */
  shape: [rows: number, columns: number, channels: number];
  /** What one unit of a logit is worth in the float network. */
  scale: number;
  /**
   * Logits of one image, [row][column][channel]: raw pixels 0..255 as Uint8Array or Uint8ClampedArray, or pixels as
   * the network sees them as Int8Array. Throws a RangeError where their number is wrong.
   */
  infer(image: Uint8Array | Uint8ClampedArray | Int8Array): Int32Array;
  /** Threads that share the work on an image. */
  threads: number;
  /** What its kernels need of the engine: relaxed, simd or swar. */
  tier: string;
  /** Ends the threads; after it, a model of several computes no more. */
  close(): Promise<void>;
};

export type LoadOptions = {
  /** Threads that share the work on an image; default 1. More need the model-threads.wasm of a build with --threads. */
  threads?: number;
};

type Description = {
  name: string;
  tier: string;
  classes: string[];
  output: { scale: number };
  tensors: [name: string, kind: string, type: string, shape: Model['shape'], address: number, ring: number][];
  image: [address: number, bytes: number];
  pixelTable: number;
  outside?: [bytes: number, crc: number];
  threads?: [most: number, models: number, control: number, pages: number];
};

/** A function that makes a vector and drops it: valid where an engine has SIMD. */
const VECTORS = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0],
  ...[10, 9, 1, 7, 0, 65, 0, 253, 15, 26, 11],
);

/**
 * assembly/known-relaxed.ts in base64, where a model-relaxed.wasm lies beside this file: the build writes it here
 * (build.ts), with the answer.
 */
const RELAXED = { known: '', answer: 0 };

/** Enough of them that an engine which compiles in two tiers runs both; 0.1 ms each. */
const [ROUNDS, TIMES] = [20_000, 8];

/** Whether the engine has relaxed SIMD and computes with it what the kernels rely on. */
async function relaxedIsRight(): Promise<boolean> {
  const bytes = Uint8Array.from(atob(RELAXED.known), (letter) => letter.charCodeAt(0));
  if (!bytes.length || !WebAssembly.validate(bytes)) return false;
  const { exports } = await WebAssembly.instantiate(await WebAssembly.compile(bytes));
  for (let time = 0; time < TIMES; time++) {
    if ((exports['knownAnswer'] as (rounds: number) => number)(ROUNDS) !== RELAXED.answer) return false;
    // So that what is compiled in the background can take over.
    await new Promise((resolve) => setTimeout(resolve));
  }
  return true;
}

/**
 * Loads a model: by default the model.wasm beside this file; the model-relaxed.wasm where the build has one and the engine
 * passes its known-answer test, and the model-swar.wasm where the engine has no vectors (a build has them if it was asked
 * for). A model that reads its weights from outside of its memory takes them from
 * `weights`, by default from the .weights.bin beside the module. Several threads take the model-threads.wasm; a page that
 * is not isolated from other origins gets one thread, and a warning.
 */
export async function load(
  given?: URL | Response | BufferSource,
  weights?: URL | Response | BufferSource,
  { threads = 1 }: LoadOptions = {},
): Promise<Model> {
  if (!Number.isInteger(threads) || threads < 1) throw new RangeError(`${threads} is no number of threads`);
  // Node has no such thing as a page.
  const shares = globalThis.crossOriginIsolated ?? true;
  if (threads > 1 && !shares)
    console.warn('one thread: several need the headers COOP: same-origin and COEP: require-corp');
  const wanted = shares ? threads : 1;
  const source = given ?? new URL(await fileFor(wanted), import.meta.url);
  const module = await WebAssembly.compile(await bytesOf(source));
  const section = WebAssembly.Module.customSections(module, 'spikelet')[0];
  if (!section) throw new Error('this WebAssembly is no spikelet model');
  const description: Description = JSON.parse(new TextDecoder().decode(section));
  const { name, tier, classes, output, tensors, image, pixelTable, outside, threads: shared } = description;
  if (wanted > (shared?.[0] ?? 1))
    throw new RangeError(
      `'${name}' was built for ${shared?.[0] ?? 1} threads, not ${wanted}: build it with --threads`,
    );
  const beside =
    source instanceof URL ? new URL(source.href.replace(/\.wasm(?=$|[?#])/, '.weights.bin')) : undefined;
  const constants = outside ? await constantsOf(weights ?? beside, outside[0], name) : new Uint8Array(0);
  const own = shared && new WebAssembly.Memory({ initial: shared[3], maximum: shared[3], shared: true });
  const env = {
    ...(own ? { memory: own } : {}),
    trace() {},
    weights(offset: number, destination: number, length: number) {
      target.set(constants.subarray(offset, offset + length), destination);
    },
  };
  const instance = await WebAssembly.instantiate(module, { env });
  const memory = own ?? (instance.exports['memory'] as WebAssembly.Memory);
  const target = new Uint8Array(memory.buffer);
  const infer = instance.exports['infer'] as (...values: unknown[]) => number;
  const crew = shared
    ? await (await import('./threads.mjs')).startThreads(
        module,
        memory,
        infer,
        { models: shared[1], control: shared[2] },
        wanted,
      )
    : { infer: () => void infer(image[0]), close: async () => {} };
  const shape = tensors[0]![3];
  const size = shape[0] * shape[1] * shape[2];
  const pixels = new Int8Array(memory.buffer, tensors[0]![4], size);
  const table = new Int8Array(memory.buffer, pixelTable, 256 * shape[2]);
  const logits = new Int32Array(memory.buffer, tensors.at(-1)![4], classes.length);
  return {
    name,
    classes,
    shape,
    scale: output.scale,
    tier,
    threads: wanted,
    close: crew.close,
    infer(values) {
      if (values.length !== size)
        throw new RangeError(`'${name}' takes ${size} pixels and got ${values.length}`);
      if (values instanceof Int8Array) pixels.set(values);
      else for (let i = 0; i < size; i++) pixels[i] = table[(i % shape[2]) * 256 + values[i]!]!;
      crew.infer();
      return logits.slice();
    },
  };
}

async function fileFor(threads: number): Promise<string> {
  if (threads > 1) return './model-threads.wasm';
  if (!WebAssembly.validate(VECTORS)) return './model-swar.wasm';
  return (await relaxedIsRight()) ? './model-relaxed.wasm' : './model.wasm';
}

async function constantsOf(
  source: URL | Response | BufferSource | undefined,
  length: number,
  name: string,
): Promise<Uint8Array> {
  if (!source) throw new Error(`'${name}' reads its weights from outside: pass them as the second argument`);
  const bytes = await bytesOf(source);
  const view = ArrayBuffer.isView(bytes)
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : new Uint8Array(bytes);
  if (view.length !== length) throw new Error(`'${name}' has ${length} bytes of weights, not ${view.length}`);
  return view;
}

async function bytesOf(source: URL | Response | BufferSource): Promise<BufferSource> {
  if (source instanceof URL) {
    // Node's fetch reads no files.
    if (source.protocol === 'file:') return (await import('node:fs/promises')).readFile(source);
    return bytesOf(await fetch(source));
  }
  if (!(source instanceof Response)) return source;
  if (!source.ok) throw new Error(`${source.url}: ${source.status} ${source.statusText}`);
  return source.arrayBuffer();
}
