import { requireBytes } from '../budget.js';
import { SpikeletError } from '../error.js';
import { type Graph, graphBytes } from '../graph.js';
import { arrange, type Plan } from './arrange.js';
import { type Choices, type Fetch, plainChoices } from './choices.js';
import { type Chooser, chooser } from './choose.js';
import type { Kernels } from './kernels.js';
import type { Backend, FetchOptions } from './variants.js';

export type { Plan, PlanBuffer, PlanMemory } from './arrange.js';
export { type Choices, countBytes, type Fetch, type FetchOption, plainChoices } from './choices.js';
export type { Kernels } from './kernels.js';
export { packable } from './packable.js';
export type { PlanStep } from './schedule.js';
export { isAlive, type Occupant, timeline } from './timeline.js';
export type { FetchOptions } from './variants.js';

export type PlanOptions = {
  /** Rows a node computes at a time; default: the whole frame. */
  band?: number;
  /** What the kernels are compiled for; default: what is fastest. */
  choices?: Choices;
  /** Most bytes that the plan may take: the fastest plan within them is chosen. */
  ram?: number;
  /**
   * Most time, as a multiple of the fastest plan's and as estimated (cost.ts): the smallest plan within it is
   * chosen.
   */
  time?: number;
  /** How the constants of nodes can be fetched, if they are outside the memory. */
  fetch?: FetchOptions;
  /** Bytes that count as RAM besides the arena. */
  beside?: Beside;
};

/** Bytes besides the arena: fixed ones and those of each step. */
type Beside = { bytes: number; perStep: number };

const besideOf = (steps: number, { bytes, perStep }: Beside): number => bytes + perStep * steps;
const sizeOf = ({ arenaBytes, steps }: Plan, beside: Beside): number =>
  arenaBytes + besideOf(steps.length, beside);

/**
 * Plans a proven graph for the backend that has the `kernels`: the fastest plan, the fastest within a budget
 * of RAM, or the smallest within a budget of time. Throws a SpikeletError with the smallest possible size if
 * none fits, or if planning the graph would take too long.
 */
export const plan = (graph: Graph, kernels: Kernels, options: PlanOptions = {}): Plan =>
  planner(graph, kernels)(options);

/** Plans one graph, as plan() does, for one budget after another. */
export type Planner = (options?: PlanOptions) => Plan;

/**
 * plan() of a graph that stays as it is, for several budgets: what all of them ask, which takes seconds for large images,
 * is searched for once.
 */
export function planner(graph: Graph, kernels: Kernels): Planner {
  const search: Search = { kernels, choosers: new Map(), smallest: new Map() };
  return (options = {}) => {
    const found = planned(graph, options, search);
    requireBytes(`the memory of graph '${graph.name}'`, found.arenaBytes, {
      weightBytes: graphBytes(graph),
      hint: 'use smaller images',
    });
    return found;
  };
}

/** What was searched for, by the ways to fetch constants; the smallest plan if nothing besides the arena counts. */
type Search = {
  kernels: Kernels;
  choosers: Map<FetchOptions, Chooser>;
  smallest: Map<Chooser, Plan>;
};

const noFetch: FetchOptions = new Map();
const nothingBeside: Beside = { bytes: 0, perStep: 0 };

function chooserOf(graph: Graph, backend: Backend, { choosers }: Search): Chooser {
  const known = choosers.get(backend.fetch) ?? chooser(graph, backend);
  choosers.set(backend.fetch, known);
  return known;
}

function smallestOf(
  graph: Graph,
  backend: Backend,
  choose: Chooser,
  beside: Beside,
  { smallest }: Search,
): Plan {
  const known = beside === nothingBeside ? smallest.get(choose) : undefined;
  const found = known ?? smallestPlan(graph, backend, choose, beside);
  if (beside === nothingBeside) smallest.set(choose, found);
  return found;
}

function planned(graph: Graph, options: PlanOptions, search: Search): Plan {
  const { ram, time, fetch = noFetch, beside = nothingBeside } = options;
  const backend: Backend = { ...search.kernels, fetch };
  if (time !== undefined)
    return smallestPlan(graph, backend, chooserOf(graph, backend, search), beside, time);
  if (ram === undefined) {
    const {
      band = Number.POSITIVE_INFINITY,
      choices = { ...plainChoices, fetches: wholeFetches(backend.fetch) },
    } = options;
    return arrange(graph, backend, { band: () => band, whole: new Set() }, choices);
  }
  const fastest = planned(graph, { fetch }, search);
  if (sizeOf(fastest, beside) <= ram) return fastest;
  const choose = chooserOf(graph, backend, search);
  // The search knows the bytes alive at each step; a layout may need more, and the steps take some too.
  for (let budget = ram - beside.bytes; ; budget -= budget * LESS) {
    const chosen = choose.within(budget);
    if (!chosen) break;
    const found = arrange(graph, backend, chosen.order, chosen.choices, (steps) =>
      Math.max(0, ram - besideOf(steps, beside)),
    );
    if (sizeOf(found, beside) <= ram) return found;
  }
  const smallest = smallestOf(graph, backend, choose, beside, search);
  const size = sizeOf(smallest, beside);
  if (size <= ram) return smallest;
  throw new NoPlanFits(graph, ram, size);
}

/** No plan of a graph is as small as its budget. */
export class NoPlanFits extends SpikeletError {
  constructor(
    { name }: Graph,
    ram: number,
    /** Bytes of the smallest plan, whatever the budget. */
    readonly smallest: number,
  ) {
    super(`graph '${name}' does not fit in ${ram} B of RAM: the smallest plan takes ${smallest} B`, {
      hint: `give it ${Math.ceil(smallest / 1024)}k, or use a smaller network or smaller images`,
    });
  }
}

/** Growth of the budgets that are tried for the smallest plan. */
const RUNG = 1.02;

/**
 * The smallest of the plans that are estimated to take at most `time` times as long as the fastest. A layout
 * may take more than what is alive at once, so larger budgets are tried too: the same list of budgets for
 * every `time`, from the first one that is fast enough, so that more time never takes more RAM.
 */
function smallestPlan(
  graph: Graph,
  backend: Backend,
  choose: Chooser,
  beside: Beside,
  time = Number.POSITIVE_INFINITY,
): Plan {
  const most = choose.within(Number.POSITIVE_INFINITY)!.time * time;
  const budget = (rung: number) => choose.least * RUNG ** rung;
  const within = (rung: number) => choose.within(budget(rung))!;
  let [low, high] = [-1, 1];
  while (within(high).time > most) high *= 2;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (within(middle).time > most) low = middle;
    else high = middle;
  }
  let rung = high;
  let chosen = within(rung);
  let best = arrange(graph, backend, chosen.order, chosen.choices, () => 0);
  // A plan that needs a larger budget has more bytes alive than the previous budget.
  while (budget(rung) + beside.bytes < sizeOf(best, beside)) {
    const { time: slower } = chosen;
    chosen = within(++rung);
    if (chosen.time === slower) continue;
    const found = arrange(graph, backend, chosen.order, chosen.choices, () => 0);
    if (sizeOf(found, beside) < sizeOf(best, beside)) best = found;
  }
  return best;
}

/** How much less is tried if a layout does not fit. */
const LESS = 0.015;

/** Every node computes its whole output at once. */
const wholeFetches = (options: FetchOptions): Map<string, Fetch> =>
  new Map(
    [...options].map(([name, ways]) => {
      const { pairs, tiles, tileBytes } = ways.reduce((best, way) => (way.cost < best.cost ? way : best));
      return [name, { pairs, tiles, bytes: tiles * tileBytes }];
    }),
  );
