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
};

type Description = {
  name: string;
  classes: string[];
  output: { scale: number };
  tensors: [name: string, kind: string, type: string, shape: Model['shape'], address: number, ring: number][];
  image: [address: number, bytes: number];
  pixelTable: number;
  outside?: [bytes: number, crc: number];
};

/** A function that makes a vector and drops it: valid where an engine has SIMD. */
const VECTORS = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0],
  ...[10, 9, 1, 7, 0, 65, 0, 253, 15, 26, 11],
);

/**
 * Loads a model: by default the model.wasm beside this file, or the model-swar.wasm where the engine has no vectors
 * (a build has one if it was asked for). A model that reads its weights from outside of its memory takes them from
 * `weights`, by default from the .weights.bin beside the module.
 */
export async function load(
  source: URL | Response | BufferSource = new URL(
    WebAssembly.validate(VECTORS) ? './model.wasm' : './model-swar.wasm',
    import.meta.url,
  ),
  weights?: URL | Response | BufferSource,
): Promise<Model> {
  const module = await WebAssembly.compile(await bytesOf(source));
  const section = WebAssembly.Module.customSections(module, 'spikelet')[0];
  if (!section) throw new Error('this WebAssembly is no spikelet model');
  const { name, classes, output, tensors, image, pixelTable, outside }: Description = JSON.parse(
    new TextDecoder().decode(section),
  );
  const beside =
    source instanceof URL ? new URL(source.href.replace(/\.wasm(?=$|[?#])/, '.weights.bin')) : undefined;
  const constants = outside ? await constantsOf(weights ?? beside, outside[0], name) : new Uint8Array(0);
  const env = {
    trace() {},
    weights(offset: number, destination: number, length: number) {
      target.set(constants.subarray(offset, offset + length), destination);
    },
  };
  const instance = await WebAssembly.instantiate(module, { env });
  const memory = instance.exports['memory'] as WebAssembly.Memory;
  const target = new Uint8Array(memory.buffer);
  const infer = instance.exports['infer'] as (image: number) => void;
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
    infer(values) {
      if (values.length !== size)
        throw new RangeError(`'${name}' takes ${size} pixels and got ${values.length}`);
      if (values instanceof Int8Array) pixels.set(values);
      else for (let i = 0; i < size; i++) pixels[i] = table[(i % shape[2]) * 256 + values[i]!]!;
      infer(image[0]);
      return logits.slice();
    },
  };
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
