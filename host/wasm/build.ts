import { readFile } from 'node:fs/promises';
import { type Graph, type OutputFile, type PlanOptions, plan } from '../../models/index.js';
import type { Tier } from '../assemblyscript.js';
import { compileSource, link } from './compile.js';
import { describe } from './describe.js';
import { emitSource } from './emit.js';
import { layOutImage } from './image.js';
import { layersOf } from './layers.js';

export type BuildOptions = PlanOptions & {
  /** Kernels of model.wasm; default `simd`, which every browser and Node has. */
  tier?: Tier;
  /** Adds model-swar.wasm, which the loader takes where an engine has no vectors. */
  fallback?: boolean;
};

export type WasmBuild = {
  files: OutputFile[];
  /** The generated AssemblyScript. */
  source: string;
  /** Bytes of model.wasm, and how much of it is code, weights and the other constants. */
  bytes: { module: number; code: number; weights: number; constants: number };
  /** Bytes of tensors and working memory, exact; pages of 64 KiB the module takes for all. */
  arenaBytes: number;
  pages: number;
  /** Layers of equal geometry share a function. */
  functions: number;
};

/**
 * Compiles a Graph to model.wasm, with a loader (model.mjs) and its types (model.d.mts). `band`: rows that a layer
 * computes at a time (default: the whole frame); fewer take less memory. Throws a SpikeletError where the Graph is
 * not proven.
 */
export async function emitBuild(graph: Graph, options: BuildOptions = {}): Promise<WasmBuild> {
  const { tier = 'simd', fallback = false, ...planOptions } = options;
  const { contents, ...build } = await compileModel(graph, tier, planOptions);
  const beside = (name: string) => readFile(new URL(name, import.meta.url), 'utf8');
  const files: OutputFile[] = [
    { path: 'model.wasm', contents },
    { path: 'model.mjs', contents: await beside('./model.mjs') },
    { path: 'model.d.mts', contents: await beside('./model.d.mts') },
  ];
  if (fallback && tier !== 'swar')
    files.push({
      path: 'model-swar.wasm',
      contents: (await compileModel(graph, 'swar', planOptions)).contents,
    });
  return { files, ...build };
}

/** One module. */
async function compileModel(
  graph: Graph,
  tier: Tier,
  planOptions: PlanOptions,
): Promise<Omit<WasmBuild, 'files'> & { contents: Uint8Array<ArrayBuffer> }> {
  const layers = layersOf(graph, tier);
  const { source, functionOf, functions } = emitSource(graph, layers);
  const code = await compileSource(source, tier);
  const layout = plan(graph, planOptions);
  const image = layOutImage(graph, layout, { layers, functionOf, tier });
  const { bytes, pages } = await link(code, image, describe(graph, layout, image, tier));
  return {
    contents: bytes,
    source,
    bytes: {
      module: bytes.length,
      code: code.length,
      weights: image.weightBytes,
      constants: image.bytes.length - image.weightBytes,
    },
    arenaBytes: layout.arenaBytes,
    pages,
    functions,
  };
}
