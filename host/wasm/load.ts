import { types } from 'node:util';
import { crc32, SpikeletError } from '../../models/index.js';
import { compileModule, describeModule, rowBytesOf } from '../../wasm/describe.js';
import type { WasmDescription } from '../../wasm/description.js';
import { unpackCounts } from '../../wasm/unpack.js';
import { requireModest } from './limits.js';

/** A compiled model, ready to run. */
export type WasmModel = {
  description: WasmDescription;
  /**
   * Logits of one image of i8 pixels, [row][column][channel]. `onRows` gets every tensor as it is written,
   * the input first: a few rows per call, in row order; the view is valid only during the call. Throws a
   * TypeError for pixels of the wrong type, a RangeError for the wrong number.
   */
  infer(pixels: Int8Array, onRows?: OnRows): Int32Array;
  memory: { readonly buffer: ArrayBufferLike };
};

export type OnRows = (tensor: string, bytes: Uint8Array) => void;

type Exports = { memory: WebAssembly.Memory; infer(...values: unknown[]): number };

/** A model with worker threads; call close(). */
export type ThreadedModel = WasmModel & { close(): Promise<void> };

/**
 * Loads a module from `emitBuild`, with its outside constants if it has any. Throws a SpikeletError if it is
 * not such a module (see describeWasm), or the constants belong to another.
 */
export function loadWasm(bytes: Uint8Array<ArrayBuffer>, outside?: Uint8Array): WasmModel {
  const module = compileModule(bytes);
  const description = describeModule(module);
  requireModest(bytes, module, description);
  requireConstants(description, outside);
  if (description.threads) throw tooMany(description, 1);
  const { infer, modelOf } = start(module, description, outside);
  return modelOf(() => infer(description.image[0]));
}

/**
 * Loads a module that was built for several threads, and starts `threads` of them, including this one. Throws
 * a SpikeletError as loadWasm does, and if the module was built for fewer.
 */
export async function loadThreads(bytes: Uint8Array<ArrayBuffer>, threads: number): Promise<ThreadedModel> {
  const module = compileModule(bytes);
  const description = describeModule(module);
  if (!description.threads || description.threads[0] < threads) throw tooMany(description, threads);
  requireModest(bytes, module, description);
  const [, models, control, pages] = description.threads;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  let stalled = () => false;
  const { infer, modelOf } = start(module, description, undefined, memory, () => stalled());
  const { startThreads } = await import('./threads.mjs');
  const crew = await startThreads(module, memory, infer, { models, control }, threads);
  stalled = crew.stalled;
  const call = () => {
    try {
      crew.infer();
    } catch (cause) {
      // Failures in the module are reported as for any module; the rest are threads that ended.
      if (cause instanceof WebAssembly.RuntimeError || !(cause instanceof Error)) throw cause;
      throw new SpikeletError(`model '${description.name}' can no longer compute: ${cause.message}`, {
        hint: 'load it again',
        cause,
      });
    }
  };
  return { ...modelOf(call), close: crew.close };
}

const tooMany = ({ name, threads }: WasmDescription, wanted: number) =>
  new SpikeletError(
    threads && wanted === 1
      ? `this module of '${name}' is for several threads`
      : `model '${name}' was built for ${threads?.[0] ?? 1} threads, not ${wanted}`,
    {
      hint: threads
        ? `use --threads 2 to ${threads[0]}`
        : `build it with 'spikelet build --threads ${wanted}', which adds model-threads.wasm`,
    },
  );

/** Instantiates a module: returns its infer, and a function that wraps a call of it as a model. */
function start(
  module: WebAssembly.Module,
  description: WasmDescription,
  outside: Uint8Array | undefined,
  shared?: WebAssembly.Memory,
  stalled: () => boolean = () => false,
): { infer: Exports['infer']; modelOf(call: () => void): WasmModel } {
  let onRows: OnRows | undefined;
  const trace = (node: number, row: number, rows: number) => {
    if (onRows) visitRows(description.tensors[node + 1], memory, row, rows, onRows);
  };
  const weights = (offset: number, destination: number, length: number) => {
    const end = offset + length;
    // A bad request from a damaged module ends like a trap.
    if (
      !outside ||
      offset < 0 ||
      end > outside.length ||
      destination < 0 ||
      destination + length > view.length
    )
      throw new WebAssembly.RuntimeError(`it reads weights ${offset}..${end}, which do not exist`);
    view.set(outside.subarray(offset, end), destination);
  };
  const { memory, infer } = instantiate(module, { trace, weights, stalled: () => Number(stalled()) }, shared);
  const view = new Uint8Array(memory.buffer);
  const [arena, arenaBytes] = description.arena;
  if (memory.buffer.byteLength < arena + arenaBytes)
    throw new SpikeletError(`model '${description.name}' has less memory than its arena needs`, {
      hint: "the file is damaged; build it again with 'spikelet build'",
    });
  const input = description.tensors[0]!;
  const output = description.tensors.at(-1)!;
  const inputView = new Int8Array(memory.buffer, input[4], input[3][0] * rowBytesOf(input));
  const outputView = new Int32Array(memory.buffer, output[4], output[3][0] * output[3][1] * output[3][2]);
  const modelOf = (call: () => void): WasmModel => ({
    description,
    memory,
    infer(pixels, listener) {
      // Checked by type, not by class, so that arrays of other realms are accepted.
      if (!types.isInt8Array(pixels))
        throw new TypeError(
          `'${description.name}' takes pixels as Int8Array, got ${Object.prototype.toString.call(pixels)}`,
        );
      if (pixels.length !== inputView.length)
        throw new RangeError(`'${description.name}' takes ${inputView.length} pixels, got ${pixels.length}`);
      inputView.set(pixels);
      listener?.('input', new Uint8Array(memory.buffer, input[4], inputView.length));
      onRows = listener;
      run(description.name, call);
      return outputView.slice();
    },
  });
  return { infer, modelOf };
}

/** Only damaged modules trap: modules from spikelet have no instruction that can. */
function run(name: string, infer: () => void): void {
  try {
    infer();
  } catch (cause) {
    // Its calls may also have the wrong types, or recurse for ever.
    if (![WebAssembly.RuntimeError, RangeError, TypeError].some((kind) => cause instanceof kind)) throw cause;
    throw new SpikeletError(`the module of '${name}' stopped: ${(cause as Error).message}`, {
      hint: "the file is damaged; build it again with 'spikelet build'",
      cause,
    });
  }
}

function requireConstants({ name, outside }: WasmDescription, bytes: Uint8Array | undefined): void {
  if (!outside) return;
  if (!bytes)
    throw new SpikeletError(`model '${name}' needs its weights file, and none was given`, {
      hint: "'spikelet build' writes it next to model.wasm, as model.weights.bin",
    });
  if (bytes.length !== outside[0] || crc32(bytes) !== outside[1])
    throw new SpikeletError(`these weights belong to another model than '${name}'`, {
      hint: "the files are from different builds, or damaged; build both again with 'spikelet build'",
    });
}

function instantiate(
  module: WebAssembly.Module,
  env: Record<'trace' | 'weights' | 'stalled', (...values: number[]) => unknown>,
  shared: WebAssembly.Memory | undefined,
): Exports {
  try {
    const imports = shared ? { ...env, memory: shared } : env;
    const { exports } = new WebAssembly.Instance(module, { env: imports });
    const { memory = shared, infer } = exports as Exports;
    if (memory instanceof WebAssembly.Memory && typeof infer === 'function') return { memory, infer };
  } catch (cause) {
    throw new SpikeletError('the module cannot be started', {
      hint: 'is it a model that spikelet built?',
      cause,
    });
  }
  throw new SpikeletError("the module does not export 'memory' and 'infer'", {
    hint: 'is it a model that spikelet built?',
  });
}

/** Calls `onRows` with the rows just written, in two runs if they wrap around the end of their ring. */
function visitRows(
  tensor: WasmDescription['tensors'][number] | undefined,
  memory: WebAssembly.Memory,
  row: number,
  rows: number,
  onRows: OnRows,
): void {
  if (!tensor) return;
  const [name, , type, [height, columns, channels], address, ring] = tensor;
  const bytes = rowBytesOf(tensor);
  if (row < 0 || rows < 0 || row + rows > height)
    throw new WebAssembly.RuntimeError(
      `it writes rows ${row}..${row + rows} of '${name}', which has ${height}`,
    );
  for (let done = 0; done < rows; ) {
    const slot = (row + done) % ring;
    const run = Math.min(rows - done, ring - slot);
    const held = new Uint8Array(memory.buffer, address + slot * bytes, run * bytes);
    onRows(name, type === 'u4' ? unpackCounts(held, run * columns, channels) : held);
    done += run;
  }
}
