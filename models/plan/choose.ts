import { SpikeletError } from '../error.js';
import { type Graph, graphBytes } from '../graph.js';
import type { Choices } from './choices.js';
import { packable } from './packable.js';
import type { Order } from './schedule.js';
import { bandsOf, narrows, type Segment, signatureOf } from './segments.js';
import { type Backend, choicesOf, type Ends, type Variant, variantsOf } from './variants.js';

/** `time`: estimated, in nanoseconds. */
export type Chosen = { order: Order; choices: Choices; time: number };

/**
 * Steps times tensors that the search may visit; the 10M network needs 20 million, so small files are quick.
 */
const effortFor = (graph: Graph): number => 2 ** 24 + 64 * graphBytes(graph);

const tooLarge = (graph: Graph) =>
  new SpikeletError(
    `planning graph '${graph.name}' in bands of rows would take too long: ${graph.nodes.length} layers, tensors of up to ${Math.max(...Object.values(graph.tensors).map(({ shape }) => shape[0]))} rows`,
    { hint: 'omit --ram and --time, or use smaller images' },
  );

/** Nodes of the longest segment that is tried. */
const LONGEST = 20;

/**
 * The search for the fastest plan within a budget. A graph is cut at tensors through which everything passes;
 * a cut is finished before it is read, so the segments between cuts use the memory in turn and are planned
 * separately. Which cuts, and how each segment runs, is a shortest path from the input to the logits over
 * tensors that are packed or not.
 */
export type Chooser = {
  /** The fastest way with at most `budget` bytes alive at each step. */
  within(budget: number): Chosen | undefined;
  /** The smallest budget that has one. */
  least: number;
};

export function chooser(graph: Graph, backend: Backend): Chooser {
  const edges = edgesOf(graph, backend);
  const least = smallestPeak(edges, graph);
  return {
    within: (budget) => (budget < least ? undefined : chosen(graph, shortest(edges, budget), backend)),
    least,
  };
}

/** A segment between two states: a tensor, packed or not. */
type Edge = { from: string; to: string; segment: Segment; ends: Ends; variants: Variant[] };

const state = (tensor: string, packed: boolean): string => `${packed ? 'packed' : 'plain'} ${tensor}`;

/** All edges, in the order of their ends. */
function edgesOf(graph: Graph, backend: Backend): Edge[] {
  const cuts = [-1, ...narrows(graph)];
  const packs = packable(graph);
  const effort = { left: effortFor(graph) };
  // Networks repeat their blocks.
  const known = new Map<string, Variant[]>();
  const nameOf = (cut: number) => (cut < 0 ? 'input' : graph.nodes[cut]!.output);
  return cuts.flatMap((last, j) =>
    cuts.slice(0, j).flatMap((before, i) => {
      // Neighbours are always tried, or there might be no way at all.
      if (last - before > LONGEST && j - i > 1) return [];
      const [input, output] = [nameOf(before), nameOf(last)];
      const segment = { input, first: before + 1, last };
      const ways = (name: string) => (packs.has(name) ? [false, true] : [false]);
      return ways(input).flatMap((inputPacked) =>
        ways(output).map((outputPacked): Edge => {
          const ends = { input: inputPacked, output: outputPacked };
          const key = `${inputPacked} ${outputPacked} ${signatureOf(graph, segment, backend.fetch)}`;
          const variants = known.get(key) ?? variantsOf(graph, segment, ends, packs, backend, effort);
          if (effort.left < 0) throw tooLarge(graph);
          known.set(key, variants);
          return {
            from: state(input, inputPacked),
            to: state(output, outputPacked),
            segment,
            ends,
            variants,
          };
        }),
      );
    }),
  );
}

/** The least memory that fits some path. */
function smallestPeak(edges: Edge[], graph: Graph): number {
  const least = new Map([[state('input', false), 0]]);
  for (const { from, to, variants } of edges) {
    const before = least.get(from);
    if (before === undefined) continue;
    const peak = Math.max(before, variants.at(-1)!.peak);
    least.set(to, Math.min(least.get(to) ?? Number.POSITIVE_INFINITY, peak));
  }
  return least.get(state(graph.nodes.at(-1)!.output, false))!;
}

type Step = { edge: Edge; variant: Variant };

/** The fastest path whose segments all stay within the budget. */
function shortest(edges: Edge[], budget: number): Step[] {
  const best = new Map<string, { time: number; step?: Step }>([[state('input', false), { time: 0 }]]);
  for (const edge of edges) {
    const before = best.get(edge.from);
    const variant = before && edge.variants.find(({ peak }) => peak <= budget);
    if (!variant) continue;
    const time = before.time + variant.time;
    if (time < (best.get(edge.to)?.time ?? Number.POSITIVE_INFINITY))
      best.set(edge.to, { time, step: { edge, variant } });
  }
  const path: Step[] = [];
  for (let at = best.get(edges.at(-1)!.to); at?.step; at = best.get(at.step.edge.from)) path.unshift(at.step);
  return path;
}

function chosen(graph: Graph, path: Step[], backend: Backend): Chosen {
  const packs = packable(graph);
  const whole = new Set(path.map(({ edge }) => edge.segment.input));
  const bands = new Map(path.flatMap(({ edge, variant }) => [...bandsOf(graph, edge.segment, variant.band)]));
  const parts = path.map(({ edge, variant }) =>
    choicesOf(graph, edge.segment, edge.ends, packs, backend, variant),
  );
  return {
    time: path.reduce((sum, { variant }) => sum + variant.time, 0),
    order: { band: (node) => bands.get(node)!, whole },
    choices: {
      packed: new Set(parts.flatMap(({ packed }) => [...packed])),
      columns: new Map(parts.flatMap(({ columns }) => [...columns])),
      fetches: new Map(parts.flatMap(({ fetches }) => [...fetches])),
    },
  };
}
