import {
  exitCode,
  type Graph,
  type Plan,
  type Planner,
  type PlanOptions,
  plainChoices,
  plan,
  planner,
  SpikeletError,
} from '../models/index.js';
import { fetchOptions } from './fetch.js';
import { frontEndLayer, frontEndRam } from './front-end.js';
import type { Layer } from './layer.js';
import { kernels, layersOf } from './layers.js';
import { CONTROL_BYTES, layOutMemory } from './memory-image.js';
import { STEP_BYTES } from './node-record.js';
import type { Tier } from './tiers.js';

/** Where a module's weights are: in its memory, or in a file that it reads in parts. */
export const weightPlaces = ['inside', 'outside'] as const;
export type WeightPlace = (typeof weightPlaces)[number];

export type ModelOptions = {
  /** Kernels of model.wasm; default `simd`, which every browser and Node has. */
  tier?: Tier;
  /** Default `inside`. */
  weights?: WeightPlace;
  /** Most bytes of RAM (see PlannedModel); default: the fastest plan. */
  ram?: number;
  /**
   * Most time as a multiple of the fastest plan's, estimated: the smallest plan within it. Not with `ram`.
   */
  time?: number;
  /** Rows that a layer computes at a time, without `ram`; default: the whole frame. */
  band?: number;
  /**
   * Threads that can share the work on an image; default 1. More than 1 need shared memory, working memory
   * for each, and the fastest plan with its weights inside.
   */
  threads?: number;
};

/** A model as it is going to be built. */
export type PlannedModel = {
  graph: Graph;
  tier: Tier;
  weights: WeightPlace;
  layers: Layer[];
  plan: Plan;
  /**
   * Bytes of RAM, exact. With weights inside, all constants are only read and a device keeps them in flash,
   * so this is the arena and the state of the front end; with weights outside, it is the linear memory up to
   * the end of the arena. Threads have their working memory in the arena and share CONTROL_BYTES in addition;
   * no kernel keeps a stack in memory.
   */
  ramBytes: number;
};

/**
 * Plans a module; `plan` is a planner of the graph, where several budgets are tried. Throws a SpikeletError if the
 * graph is not proven or no plan fits `ram`.
 */
export function planModel(
  graph: Graph,
  options: ModelOptions = {},
  plan: Planner = planner(graph, kernels),
): PlannedModel {
  const { tier = 'simd', weights = 'inside', ram, time, band, threads = 1 } = options;
  if (threads > 1) return planThreads(graph, options, threads);
  const budget: PlanOptions = {
    ...(ram === undefined ? {} : { ram }),
    ...(time === undefined ? {} : { time }),
    ...(band === undefined ? {} : { band }),
  };
  const plainLayers = layersOf(graph, tier);
  if (weights === 'inside') {
    const front = frontEndLayer(graph.frontEnd);
    const frontBytes = front ? frontEndRam(front) : 0;
    const layout = plan({ ...budget, beside: { bytes: frontBytes, perStep: 0 } });
    const { packed, columns } = layout.choices;
    const layers = packed.size + columns.size ? layersOf(graph, tier, layout.choices) : plainLayers;
    return { graph, tier, weights, layers, plan: layout, ramBytes: layout.arenaBytes + frontBytes };
  }
  const fetch = fetchOptions(graph, tier, plainLayers);
  const memory = (layout: Plan) => {
    const layers = layersOf(graph, tier, layout.choices);
    return { layers, arena: layOutMemory(graph, layout, { layers, functionOf: [], tier }).arena };
  };
  // Everything in the image except the steps is the same for every plan.
  const fastest = plan({ fetch });
  const beside = {
    bytes: memory(fastest).arena - fastest.steps.length * STEP_BYTES + 16,
    perStep: STEP_BYTES,
  };
  const layout = plan({ ...budget, fetch, beside });
  const { layers, arena } = memory(layout);
  return { graph, tier, weights, layers, plan: layout, ramBytes: arena + layout.arenaBytes };
}

function planThreads(graph: Graph, options: ModelOptions, threads: number): PlannedModel {
  const { tier = 'simd', weights = 'inside', ram, time, band } = options;
  if (weights === 'outside' || ram !== undefined || time !== undefined)
    throw new SpikeletError('a module for several threads needs its weights inside and the fastest plan', {
      hint: 'threads are for hosts, a RAM budget and weights outside are for devices: use one or the other',
      code: exitCode.usage,
    });
  const choices = { ...plainChoices, threads };
  const layout = plan(graph, kernels, { choices, ...(band === undefined ? {} : { band }) });
  const ramBytes = CONTROL_BYTES + layout.arenaBytes;
  return { graph, tier, weights, layers: layersOf(graph, tier, choices), plan: layout, ramBytes };
}
