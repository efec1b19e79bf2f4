import { signaturesOf } from '../../host/wasm/assemblyscript.js';
import { compileSource, link } from '../../host/wasm/compile.js';
import { loadWasm, type WasmModel } from '../../host/wasm/load.js';
import {
  type Choices,
  createNet,
  type Graph,
  type Plan,
  type PlanOptions,
  plainChoices,
  plan,
  product,
} from '../../models/index.js';
import { describe } from '../../wasm/describe.js';
import { emitSource } from '../../wasm/emit.js';
import { kernels, layersOf } from '../../wasm/layers.js';
import { layOutMemory } from '../../wasm/memory-image.js';
import type { Tier } from '../../wasm/tiers.js';
import { graphLike, type Random, seeded } from './random-graph.js';

/** Compiles a Graph once; what comes back links it for any plan of these choices, and loads it. */
export async function compiled(graph: Graph, tier: Tier = 'simd', choices: Choices = plainChoices) {
  const linked = await linker(graph, tier, choices);
  return async (
    options: Omit<PlanOptions, 'choices'> = {},
  ): Promise<{ model: WasmModel; plan: Plan; bytes: Uint8Array<ArrayBuffer> }> => {
    const { bytes, plan, outside } = await linked(options);
    return { model: loadWasm(bytes, outside), plan, bytes };
  };
}

/** Compiles a Graph once, by `compile`; what comes back links it for any plan of these choices. */
export async function linker(graph: Graph, tier: Tier, choices: Choices, compile = compileSource) {
  const layers = layersOf(graph, tier, choices);
  const { source, functionOf } = emitSource(graph, layers, signaturesOf(tier), {
    threads: choices.threads,
  });
  const code = await compile(source, tier, choices.threads);
  return async (
    options: Omit<PlanOptions, 'choices'> = {},
  ): Promise<{ outside: Uint8Array; plan: Plan; bytes: Uint8Array<ArrayBuffer> }> => {
    const layout = plan(graph, kernels, { ...options, choices });
    const image = layOutMemory(graph, layout, { layers, functionOf, tier });
    const { bytes } = await link(code, image, describe(graph, layout, image, tier));
    return { outside: image.outside, plan: layout, bytes };
  };
}

/** Pixels; a fraction `density` of them is not zero. */
export const randomPixels = (graph: Graph, random: Random, density: number): Int8Array =>
  Int8Array.from({ length: product(graph.tensors['input']!.shape) }, () =>
    random() < density ? Math.floor(random() * 255) - 127 : 0,
  );

/** A Graph of the layers of `tiny` with random constants. */
export function tinyGraph(): Graph {
  const random = seeded(1);
  const classes = Array.from({ length: 10 }, (_, i) => `class ${i}`);
  return graphLike(
    createNet('tiny', { shape: [28, 28, 1], mean: [0.3], std: [0.4] }, classes, random),
    random,
  );
}
