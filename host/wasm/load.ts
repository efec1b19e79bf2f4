import { crc32, SpikeletError } from '../../models/index.js';
import { compileModule, describeModule, rowBytesOf, type WasmDescription } from './describe.js';
import { unpackCounts } from './unpack.js';

/** A compiled model, ready to run. */
export type WasmModel = {
  description: WasmDescription;
  /**
   * Logits of one image of i8 pixels, [row][column][channel]. `onRows` sees every tensor as it is written, the input
   * first: its values, some rows at a time, in order of rows; the view is valid only during the call.
   */
  infer(pixels: Int8Array, onRows?: OnRows): Int32Array;
  memory: WebAssembly.Memory;
};

export type OnRows = (tensor: string, bytes: Uint8Array) => void;

type Exports = { memory: WebAssembly.Memory; infer(image: number): void };

/**
 * Loads a module that `emitBuild` made, and the constants that it reads from outside of its memory, if it does. Throws
 * a SpikeletError where it is none (see describeWasm), or where these constants are not its own.
 */
export function loadWasm(bytes: Uint8Array<ArrayBuffer>, outside?: Uint8Array): WasmModel {
  const module = compileModule(bytes);
  const description = describeModule(module);
  requireConstants(description, outside);
  let onRows: OnRows | undefined;
  const trace = (node: number, row: number, rows: number) => {
    if (onRows) visitRows(description.tensors[node + 1], memory, row, rows, onRows);
  };
  const weights = (offset: number, destination: number, length: number) => {
    const end = offset + length;
    // What a damaged module asks for ends as a trap does.
    if (
      !outside ||
      offset < 0 ||
      end > outside.length ||
      destination < 0 ||
      destination + length > view.length
    )
      throw new WebAssembly.RuntimeError(`it reads weights ${offset}..${end}, which are not there`);
    view.set(outside.subarray(offset, end), destination);
  };
  const { memory, infer } = instantiate(module, { trace, weights });
  const view = new Uint8Array(memory.buffer);
  const [image] = description.image;
  const [arena, arenaBytes] = description.arena;
  if (memory.buffer.byteLength < arena + arenaBytes)
    throw new SpikeletError(`model '${description.name}' has less memory than its arena takes`, {
      hint: "the file is damaged; make it again with 'spikelet build'",
    });
  const input = description.tensors[0]!;
  const output = description.tensors.at(-1)!;
  const inputView = new Int8Array(memory.buffer, input[4], input[3][0] * rowBytesOf(input));
  const outputView = new Int32Array(memory.buffer, output[4], output[3][0] * output[3][1] * output[3][2]);
  return {
    description,
    memory,
    infer(pixels, listener) {
      if (pixels.length !== inputView.length)
        throw new RangeError(
          `'${description.name}' takes ${inputView.length} pixels and got ${pixels.length}`,
        );
      inputView.set(pixels);
      listener?.('input', new Uint8Array(memory.buffer, input[4], inputView.length));
      onRows = listener;
      run(description.name, () => infer(image));
      return outputView.slice();
    },
  };
}

/** A trap is what a damaged module does: no module of ours has an instruction that can. */
function run(name: string, infer: () => void): void {
  try {
    infer();
  } catch (cause) {
    if (!(cause instanceof WebAssembly.RuntimeError)) throw cause;
    throw new SpikeletError(`the module of '${name}' stopped: ${cause.message}`, {
      hint: "the file is damaged; make it again with 'spikelet build'",
      cause,
    });
  }
}

function requireConstants({ name, outside }: WasmDescription, bytes: Uint8Array | undefined): void {
  if (!outside) return;
  if (!bytes)
    throw new SpikeletError(`model '${name}' reads its weights from outside, and none are given`, {
      hint: "'spikelet build' writes them beside model.wasm, as model.weights.bin",
    });
  if (bytes.length !== outside[0] || crc32(bytes) !== outside[1])
    throw new SpikeletError(`these weights are not those of model '${name}'`, {
      hint: "the files are of two builds, or damaged; make both again with 'spikelet build'",
    });
}

function instantiate(
  module: WebAssembly.Module,
  env: Record<'trace' | 'weights', (...values: number[]) => void>,
): Exports {
  try {
    const { exports } = new WebAssembly.Instance(module, { env });
    const { memory, infer } = exports as Exports;
    if (memory instanceof WebAssembly.Memory && typeof infer === 'function') return { memory, infer };
  } catch (cause) {
    throw new SpikeletError('the module cannot be started', {
      hint: 'is it a model that spikelet built?',
      cause,
    });
  }
  throw new SpikeletError("the module exports no 'memory' and 'infer'", {
    hint: 'is it a model that spikelet built?',
  });
}

/** Calls `onRows` with the rows just written: at most two runs, where they wrap around the end of their ring. */
function visitRows(
  tensor: WasmDescription['tensors'][number] | undefined,
  memory: WebAssembly.Memory,
  row: number,
  rows: number,
  onRows: OnRows,
): void {
  if (!tensor) return;
  const [name, , type, [, columns, channels], address, ring] = tensor;
  const bytes = rowBytesOf(tensor);
  for (let done = 0; done < rows; ) {
    const slot = (row + done) % ring;
    const run = Math.min(rows - done, ring - slot);
    const held = new Uint8Array(memory.buffer, address + slot * bytes, run * bytes);
    onRows(name, type === 'u4' ? unpackCounts(held, run * columns, channels) : held);
    done += run;
  }
}
