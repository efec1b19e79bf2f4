import { definition, type Graph, type GraphNode } from '../graph.js';
import type { Choices } from './choices.js';
import type { Kernels } from './kernels.js';
import { layOut } from './layout.js';
import { keptLife, type Life, type RowLives, rowLives, scratchLife, tensorLife } from './lives.js';
import { type Order, type PlanStep, schedule } from './schedule.js';
import { keptBytes, ownBytes, rowBytesOf, scratchBytes } from './sizes.js';

/**
 * How a Graph is run: the order of its bands of rows, and where everything is. All memory is one arena of
 * exact size. A tensor is a ring of `rows` rows; its row r is at `offset + (r % rows) * rowBytes`. A plan
 * whose bands are whole frames is the fastest on a host; bands of few rows take the least memory on a device.
 * Kernels serve both.
 */
export type Plan = {
  buffers: Map<string, PlanBuffer>;
  steps: PlanStep[];
  /**
   * Working memory of each node, by its index: the next step may overwrite it. Fetched constants are at its
   * end, from `fetched` on.
   */
  scratch: Map<number, PlanMemory & { fetched: number }>;
  /** What a node keeps from its first step to its last, by its index. */
  kept: Map<number, PlanMemory>;
  /** Total bytes. */
  arenaBytes: number;
  choices: Choices;
};

export type PlanMemory = { offset: number; bytes: number };
export type PlanBuffer = PlanMemory & { rows: number; rowBytes: number; packed: boolean };

/**
 * Orders the bands and lays out the arena; tries layouts until one has at most `wanted` bytes for that number
 * of steps.
 */
export function arrange(
  graph: Graph,
  kernels: Kernels,
  order: Order,
  choices: Choices,
  wanted: (steps: number) => number = () => Number.POSITIVE_INFINITY,
): Plan {
  const steps = schedule(graph, order);
  const { rows, tensors, scratch, kept } = livesOf(graph, steps, choices, (node) =>
    ownBytes(kernels, graph, node, choices),
  );
  const lives = [...tensors.values(), ...scratch.values(), ...kept.values()];
  const { offsets, bytes: arenaBytes } = layOut(lives, overlays(graph, rows, tensors), wanted(steps.length));
  const memory = (life: Life): PlanMemory => ({ offset: offsets.get(life)!, bytes: life.bytes });
  const placed = <K, V>(of: Map<K, Life>, more: (key: K) => V) =>
    new Map([...of].map(([key, life]) => [key, { ...memory(life), ...more(key) }]));
  return {
    buffers: placed(tensors, (name) => ({
      rows: rows.get(name)!.rows,
      rowBytes: rowBytesOf(graph, name, choices),
      packed: choices.packed.has(name),
    })),
    steps,
    scratch: new Map(
      [...placed(scratch, () => ({}))].map(([index, { offset, bytes }]) => {
        const fetched = offset + scratchBytes(kernels, graph, graph.nodes[index]!, choices);
        return [index, { offset, bytes, fetched }];
      }),
    ),
    kept: placed(kept, () => ({})),
    choices,
    arenaBytes,
  };
}

/**
 * Everything that takes memory, and when: tensors by name, the nodes' own memory by index; `ownOf`: bytes of
 * a node's working memory.
 */
export function livesOf(
  graph: Graph,
  steps: readonly PlanStep[],
  choices: Choices,
  ownOf: (node: GraphNode, index: number) => number,
) {
  const rows = rowLives(graph, steps);
  return {
    rows,
    tensors: new Map(
      [...rows].map(([name, life]) => [name, tensorLife(life, rowBytesOf(graph, name, choices))]),
    ),
    scratch: memories(graph, (node, index) => scratchLife(steps, index, ownOf(node, index))),
    kept: memories(graph, (node, index) => keptLife(steps, index, keptBytes(graph, node, choices))),
  };
}

/** Lives of the nodes' own memory, if any. */
function memories(
  graph: Graph,
  lifeOf: (node: Graph['nodes'][number], index: number) => Life,
): Map<number, Life> {
  const lives = graph.nodes.map((node, index) => [index, lifeOf(node, index)] as const);
  return new Map(lives.filter(([, { bytes }]) => bytes > 0));
}

/**
 * Outputs that may overwrite an input, as sums do their residual: both are held whole, have the same type,
 * and each row of the residual is read for the last time when the same row of the sum is written, which a
 * kernel does value by value.
 */
function overlays(graph: Graph, rows: Map<string, RowLives>, tensors: Map<string, Life>): Map<Life, Life> {
  const over = new Map<Life, Life>();
  for (const node of graph.nodes) {
    const below = definition(node).onto?.(node);
    if (below === undefined) continue;
    const [x, y] = [rows.get(below)!, rows.get(node.output)!];
    const alike = graph.tensors[below]!.type === graph.tensors[node.output]!.type;
    const whole = x.rows === x.last.length && y.rows === x.rows;
    if (alike && whole && x.last.every((last, r) => last <= y.first[r]!))
      over.set(tensors.get(node.output)!, tensors.get(below)!);
  }
  return over;
}
