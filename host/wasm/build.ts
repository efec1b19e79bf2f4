import { readFile } from 'node:fs/promises';
import type { Graph, OutputFile } from '../../models/index.js';
import { describe } from '../../wasm/describe.js';
import { emitSource, functionCount } from '../../wasm/emit.js';
import { frontEndLayer } from '../../wasm/front-end.js';
import type { Layer } from '../../wasm/layer.js';
import { layOutMemory } from '../../wasm/memory-image.js';
import { type ModelOptions, type PlannedModel, planModel } from '../../wasm/plan-model.js';
import type { Tier } from '../../wasm/tiers.js';
import { compileAssemblyScript, signaturesOf, tierFlags } from './assemblyscript.js';
import { compileSource, link } from './compile.js';

export type BuildOptions = ModelOptions & {
  /**
   * Extra tiers to build; the loader picks the best one the engine supports: model-relaxed.wasm if the engine
   * computes relaxed SIMD correctly (not built if no layer gains by it), model-swar.wasm if it has no
   * vectors.
   */
  also?: Tier[];
};

export type WasmBuild = {
  files: OutputFile[];
  /** The generated AssemblyScript. */
  source: string;
  /** Bytes of model.wasm, and of its code, weights and other constants; bytes of constants outside it. */
  bytes: { module: number; code: number; weights: number; constants: number; outside: number };
  /** Bytes of tensors and working memory, exact. */
  arenaBytes: number;
  /** Bytes of RAM, exact (see PlannedModel), and the module's total pages of 64 KiB. */
  ramBytes: number;
  pages: number;
  /** Layers of equal geometry share a function. */
  functions: number;
  /** For model-threads.wasm: maximum threads, exact bytes of RAM, pages, and file size. */
  threads?: { count: number; ramBytes: number; pages: number; bytes: number };
};

/**
 * Compiles a Graph to model.wasm with a loader (model.mjs) and its types (model.d.mts), plus
 * model.weights.bin if the weights are outside the memory, and model-threads.wasm with threads.mjs and
 * threads-worker.mjs for several threads. Throws a SpikeletError if the Graph is not proven or does not fit.
 */
export async function emitBuild(graph: Graph, options: BuildOptions = {}): Promise<WasmBuild> {
  const { threads: _, ...single } = options;
  return emitPlanned(planModel(graph, single), options);
}

/** Compiles a model planned for one thread, and the one for `threads` if there are several. */
export async function emitPlanned(planned: PlannedModel, options: BuildOptions = {}): Promise<WasmBuild> {
  const { threads = 1 } = options;
  // Plan first, because the options may not be compatible.
  const shared = threads > 1 ? planModel(planned.graph, { ...options, tier: planned.tier }) : undefined;
  const { files, ...build } = await compileModel(planned, 'model');
  const { threads: _, ...single } = options;
  let loader = await loaderSource();
  if (planned.tier === 'swar') loader = replaced(loader, 'PLAIN = false', 'PLAIN = true');
  for (const tier of options.also ?? []) {
    if (tier === planned.tier) continue;
    const other = planModel(planned.graph, { ...single, tier });
    if (tier === 'relaxed' && !other.layers.some(gains)) continue;
    files.push(...(await compileModel(other, `model-${tier}`)).files);
    if (tier === 'relaxed') loader = await withKnownAnswer(loader);
  }
  let threadsUsed: WasmBuild['threads'];
  if (shared) {
    const { files: more, bytes, ramBytes, pages } = await compileModel(shared, 'model-threads');
    threadsUsed = { count: threads, ramBytes, pages, bytes: bytes.module };
    files.push(...more);
    for (const path of ['threads.mjs', 'threads-worker.mjs'])
      files.push({ path, contents: await readLoader(`./${path}`) });
  }
  const written = new Set(files.map(({ path }) => path));
  files.push(
    { path: 'model.mjs', contents: withoutOthers(loader, written) },
    { path: 'model.d.mts', contents: await readLoader('./model.d.mts') },
  );
  return { files, ...build, ...(threadsUsed ? { threads: threadsUsed } : {}) };
}

const readLoader = (name: string) => readFile(new URL(name, import.meta.url), 'utf8');

/** Parts of model.mts, in an order in which each uses those before it. */
const PARTS = ['model-bytes', 'model-pixels', 'model-signal'];
const PART_IMPORT = /^import \{[^}]*\} from '\.\/model-[\w-]+\.mjs';\n/gm;

/** The loader as users get it: one file, with its parts in it. */
async function loaderSource(): Promise<string> {
  const parts = await Promise.all(PARTS.map((part) => readLoader(`./${part}.mjs`)));
  const own = parts.map((part) => part.replace(/^export /gm, ''));
  return [...own, await readLoader('./model.mjs')].join('').replace(PART_IMPORT, '');
}

/** Whether the relaxed tier has a kernel of its own for a layer. */
const gains = ({ kernel }: Layer): boolean => kernel === 'pairs';

/**
 * The correct result of assembly/known-relaxed.ts, computed with plain numbers by test/wasm/relaxed.test.ts.
 */
export const KNOWN_ANSWER = -174042874;

/** The loader with the known-answer test of the relaxed tier. */
async function withKnownAnswer(loader: string): Promise<string> {
  const flags = [...tierFlags.relaxed, '--optimizeLevel', '3'];
  const known = Buffer.from(await compileAssemblyScript('assembly/known-relaxed.ts', flags)).toString(
    'base64',
  );
  return replaced(loader, "{ known: '', answer: 0 }", `{ known: '${known}', answer: ${KNOWN_ANSWER} }`);
}

function replaced(loader: string, from: string, to: string): string {
  if (!loader.includes(from)) throw new Error(`the loader has no ${from}`);
  return loader.replace(from, to);
}

/**
 * Removes the loader's lines for files that this build does not write: bundlers follow `new URL` and
 * `import()`, and fail if a file is missing.
 */
const withoutOthers = (loader: string, written: Set<string>): string =>
  loader
    .split('\n')
    .filter((line) => {
      const named = /(?:new URL|import)\('\.\/([^']+)'/.exec(line)?.[1];
      return named === undefined || written.has(named);
    })
    .join('\n');

/** Compiles one module and its outside constants. */
async function compileModel(planned: PlannedModel, name: string): Promise<WasmBuild> {
  const { graph, tier, layers, plan, ramBytes } = planned;
  const { threads } = plan.choices;
  const { source, functionOf } = emitSource(graph, layers, signaturesOf(tier), {
    threads,
    frontEnd: (threads ?? 1) > 1 ? undefined : frontEndLayer(graph.frontEnd),
  });
  const code = await compileSource(source, tier, threads);
  const image = layOutMemory(graph, plan, { layers, functionOf, tier });
  const { bytes, pages } = await link(code, image, describe(graph, plan, image, tier));
  const files: OutputFile[] = [{ path: `${name}.wasm`, contents: bytes }];
  if (image.outside.length) files.push({ path: `${name}.weights.bin`, contents: image.outside });
  const outside = image.outside.length;
  return {
    files,
    source,
    bytes: {
      module: bytes.length,
      code: code.length,
      weights: image.weightBytes,
      constants: image.bytes.length + outside - image.weightBytes,
      outside,
    },
    arenaBytes: plan.arenaBytes,
    ramBytes,
    pages,
    functions: functionCount(layers),
  };
}
