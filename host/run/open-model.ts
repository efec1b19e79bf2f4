import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from '../../models/crc32.js';
import { normalise } from '../../models/dataset.js';
import { exitCode, SpikeletError } from '../../models/error.js';
import { fileKind, graphOf, netOf, writeGraph, writeNet } from '../../models/file.js';
import { type Graph, outputOf } from '../../models/graph.js';
import { interpret, pixelTable, rawToPixels, requireInterpretable } from '../../models/interpret.js';
import type { Net } from '../../models/net.js';
import type { OutputFile } from '../../models/output.js';
import { netRunner } from '../../models/run.js';
import { readSafetensors } from '../../models/safetensors.js';
import type { Shape } from '../../models/tensor.js';
import { graphInput, netInput } from '../data/input.js';
import type { DataInput } from '../data/sources/source.js';
import { isFolder, readBytes } from '../system/files.js';
import { type GuardedModel, openGuarded } from '../wasm/guard.js';
import { loadWasm } from '../wasm/load.js';

/** Anything that turns a raw image into logits: a Net, a Graph under the interpreter, or a built module. */
export type Runner = {
  kind: 'net' | 'graph' | 'wasm';
  name: string;
  shape: Shape;
  classes: string[];
  /** What data for it must know; undefined for a module, which does not say how its front end was made. */
  input?: DataInput;
  /** CRC-32 of the model's file. */
  crc: number;
  /** Logits in the float network's unit for raw u8 pixels [row][column][channel]. */
  logits(raw: Uint8Array): Float64Array | Promise<Float64Array>;
  /** Ends its worker; it cannot be used after that. */
  close?(): Promise<void>;
};

const WASM_MAGIC = [0x00, 0x61, 0x73, 0x6d];

export const isWasm = (bytes: Uint8Array): boolean => WASM_MAGIC.every((byte, i) => bytes[i] === byte);

/** The module in a folder that build wrote, for one or several threads; any other path unchanged. */
export async function moduleOf(path: string, threads = 1): Promise<string> {
  if (!(await isFolder(path))) return path;
  const several = join(path, 'model-threads.wasm');
  if (threads > 1 && !existsSync(several))
    throw new SpikeletError(`${path} has no model for several threads`, {
      hint: `build it with 'spikelet build --threads ${threads}', which adds model-threads.wasm`,
    });
  return threads > 1 ? several : join(path, 'model.wasm');
}

/** Default limit in seconds for one image: a thousand times what large models take. */
export const PATIENCE = 60;

/**
 * Opens a Net, a Graph, a model.wasm or a folder that holds one; for several `threads` per image, a folder
 * that holds a model-threads.wasm. A module runs in a separate thread, which is ended if an image takes more
 * than `seconds`.
 */
export async function openRunner(path: string, threads = 1, seconds = PATIENCE): Promise<Runner> {
  const module = await moduleOf(path, threads);
  const bytes = await readBytes(module);
  const crc = crc32(bytes);
  if (isWasm(bytes)) return moduleRunner(await openGuarded({ path: module, threads }, seconds), crc);
  if (threads > 1)
    throw new SpikeletError('only a built module can run one image on several threads', {
      hint: "build it with 'spikelet build --threads', or give --input a folder of images",
      code: exitCode.usage,
    });
  const file = readSafetensors(bytes, path);
  switch (fileKind(file)) {
    case 'net':
      return netModel(netOf(file, path), crc);
    case 'graph':
      return graphModel(graphOf(file, path), crc);
    default:
      throw new SpikeletError(`${path} is not a spikelet model`, {
        hint: "convert a PyTorch checkpoint with 'spikelet import'",
      });
  }
}

/** Runs a Net in floating point. */
export function netModel(net: Net, crc = crc32(writeNet(net))): Runner {
  const run = netRunner(net);
  const { name, classes, input } = net;
  const logits = (raw: Uint8Array) => run(normalise(raw, input));
  return { kind: 'net', name, classes, crc, shape: input.shape, input: netInput(net), logits };
}

/** Runs a Graph under the reference interpreter. */
export function graphModel(graph: Graph, crc = crc32(writeGraph(graph))): Runner {
  requireInterpretable(graph);
  const table = pixelTable(graph);
  const { scale } = graph.tensors[outputOf(graph)]!;
  const { shape } = graph.tensors['input']!;
  const logits = (raw: Uint8Array) => scaled(interpret(graph, rawToPixels(table, raw)), scale);
  return {
    kind: 'graph',
    name: graph.name,
    classes: graph.classes,
    crc,
    shape,
    input: graphInput(graph),
    logits,
  };
}

/** Runs a module in its own thread. */
function moduleRunner({ description, pixelTable: table, infer, close }: GuardedModel, crc: number): Runner {
  const { name, classes, tensors, output } = description;
  const logits = async (raw: Uint8Array) =>
    scaled((await infer(rawToPixels(table, raw))).logits, output.scale);
  return { kind: 'wasm', name, classes, shape: tensors[0]![3], crc, logits, close };
}

/** Runs a module of this very process's making, in it. Throws a SpikeletError where the files hold none. */
export function builtModel(files: OutputFile[]): Runner {
  const contentsOf = (name: string) => {
    const contents = files.find(({ path }) => path === name)?.contents;
    return contents instanceof Uint8Array ? new Uint8Array(contents) : undefined;
  };
  const bytes = contentsOf('model.wasm');
  if (!bytes)
    throw new SpikeletError('these files hold no model.wasm', { hint: "build the graph for 'wasm'" });
  const { description, memory, infer } = loadWasm(bytes, contentsOf('model.weights.bin'));
  const { name, classes, tensors, output } = description;
  const [, , , shape] = tensors[0]!;
  const table = new Int8Array(memory.buffer, description.pixelTable, 256 * shape[2]).slice();
  const logits = (raw: Uint8Array) => scaled(infer(rawToPixels(table, raw)), output.scale);
  return { kind: 'wasm', name, classes, shape, crc: crc32(bytes), logits };
}

const scaled = (logits: Int32Array, scale: number): Float64Array =>
  Float64Array.from(logits, (x) => x * scale);

/** Indices of the `count` largest logits; ties go to the lower index. */
export const ranking = (logits: ArrayLike<number>, count: number): number[] =>
  Array.from({ length: logits.length }, (_, i) => i)
    .sort((a, b) => logits[b]! - logits[a]! || a - b)
    .slice(0, count);
