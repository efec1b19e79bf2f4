import { bytesPerValue, definition, type Graph, outputOf } from './graph.js';

/**
 * How a Graph is run: bands of rows in which order, and where every tensor lies. All memory is one arena whose size
 * is exact. A tensor is a ring of `rows` rows; its row r lies at `offset + (r % rows) * rowBytes`. A plan whose bands
 * hold whole frames is the fastest on a host; low bands are the smallest on a device. Kernels serve both.
 */
export type Plan = {
  buffers: Map<string, PlanBuffer>;
  steps: PlanStep[];
  scratch: { offset: number; bytes: number };
  /** What a node keeps from its first step to its last, by its index. */
  kept: Map<number, { offset: number; bytes: number }>;
  /** Bytes of tensors and scratch together. */
  arenaBytes: number;
};

export type PlanBuffer = { offset: number; rows: number; rowBytes: number; bytes: number };

/** Node `node` (index in graph.nodes) computes rows `row` .. `row + rows` of its output. */
export type PlanStep = { node: number; row: number; rows: number };

export type PlanOptions = {
  /** Rows a node computes at a time; default: the whole frame. */
  band?: number;
};

/** Alignment of every buffer in bytes: one SIMD vector. */
const ALIGNMENT = 16;

const align = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/** Orders the bands and lays out the arena. The graph must be proven. */
export function plan(graph: Graph, options: PlanOptions = {}): Plan {
  const steps = schedule(graph, options.band ?? Number.POSITIVE_INFINITY);
  const lives = lifetimes(graph, steps);
  const scratchBytes = graph.nodes.reduce(
    (most, node) => Math.max(most, definition(node).scratch(node, graph)),
    0,
  );
  const scratch = { offset: 0, bytes: align(scratchBytes) };
  const memories = keptLives(graph, steps);
  const placed = layOut([...lives, ...memories.map(({ life }) => life)], scratch.bytes);
  const kept = new Map(memories.map(({ node, life }) => [node, placed.get(life)!]));
  const buffers = new Map(lives.map((life) => [life.name, placed.get(life)!]));
  const arenaBytes = [...placed.values()].reduce(
    (end, b) => Math.max(end, b.offset + align(b.bytes)),
    scratch.bytes,
  );
  return { buffers, steps, scratch, kept, arenaBytes };
}

/**
 * Depth first from the logits: a band is computed when the first band that reads it wants it, so little is held.
 * `band` rows at a time. The last band of a reader asks for all rows, also for those that no window reaches, so that
 * every tensor is computed whole.
 */
function schedule(graph: Graph, band: number): PlanStep[] {
  const writer = new Map(graph.nodes.map((node, index) => [node.output, index]));
  const done = graph.nodes.map(() => 0);
  const steps: PlanStep[] = [];
  const produce = (index: number, upTo: number): void => {
    const node = graph.nodes[index]!;
    const op = definition(node);
    const inputs = op.inputs(node);
    const height = graph.tensors[node.output]!.shape[0];
    while (done[index]! < upTo) {
      const row = done[index]!;
      const rows = Math.min(band, height - row);
      op.rows(node, graph, row, row + rows).forEach(([, end], i) => {
        const source = writer.get(inputs[i]!);
        if (source === undefined) return;
        const all = graph.tensors[inputs[i]!]!.shape[0];
        produce(source, row + rows === height ? all : end);
      });
      steps.push({ node: index, row, rows });
      done[index] = row + rows;
    }
  };
  produce(graph.nodes.length - 1, graph.tensors[outputOf(graph)]!.shape[0]);
  return steps;
}

type Life = { name: string; first: number; last: number; rows: number; rowBytes: number };

/** When each tensor is alive (steps, inclusive) and how many of its rows are needed at once. */
function lifetimes(graph: Graph, steps: PlanStep[]): Life[] {
  const lives = new Map<string, Life>();
  const lowest = lowestRowNeeded(graph, steps);
  for (const [name, { shape, type }] of Object.entries(graph.tensors)) {
    const rowBytes = shape[1] * shape[2] * bytesPerValue(type);
    // The whole image is there from the start, and the logits stay to the end.
    const rows = name === 'input' || name === outputOf(graph) ? shape[0] : 0;
    lives.set(name, { name, first: name === 'input' ? 0 : steps.length, last: 0, rows, rowBytes });
  }
  lives.get(outputOf(graph))!.last = steps.length - 1;
  steps.forEach(({ node: index, row, rows }, at) => {
    const node = graph.nodes[index]!;
    const written = lives.get(node.output)!;
    written.first = Math.min(written.first, at);
    written.last = Math.max(written.last, at);
    written.rows = Math.max(written.rows, row + rows - Math.min(row, lowest.get(node.output)![at]!));
    for (const name of definition(node).inputs(node)) {
      const read = lives.get(name)!;
      read.last = Math.max(read.last, at);
    }
  });
  return [...lives.values()];
}

/** Memory of nodes that keep something between their bands. */
function keptLives(graph: Graph, steps: PlanStep[]): { node: number; life: Life }[] {
  return graph.nodes.flatMap((node, index) => {
    const bytes = definition(node).kept?.(node, graph) ?? 0;
    const first = steps.findIndex((step) => step.node === index);
    const last = steps.findLastIndex((step) => step.node === index);
    return bytes ? [{ node: index, life: { name: node.name, first, last, rows: 1, rowBytes: bytes } }] : [];
  });
}

/** For every tensor and step: the lowest row that this step or a later one still reads (infinity: none). */
function lowestRowNeeded(graph: Graph, steps: PlanStep[]): Map<string, Float64Array> {
  const lowest = new Map(
    Object.keys(graph.tensors).map((name) => [
      name,
      new Float64Array(steps.length).fill(Number.POSITIVE_INFINITY),
    ]),
  );
  for (let at = steps.length - 1; at >= 0; at--) {
    if (at + 1 < steps.length) for (const rows of lowest.values()) rows[at] = rows[at + 1]!;
    const { node: index, row, rows } = steps[at]!;
    const node = graph.nodes[index]!;
    const spans = definition(node).rows(node, graph, row, row + rows);
    definition(node)
      .inputs(node)
      .forEach((name, i) => {
        const needed = lowest.get(name)!;
        needed[at] = Math.min(needed[at]!, spans[i]![0]);
      });
  }
  return lowest;
}

/** First fit, largest first: buffers that are never alive together share memory. */
function layOut(lives: Life[], base: number): Map<Life, PlanBuffer> {
  const placed: (PlanBuffer & { life: Life })[] = [];
  const ordered = [...lives].sort((a, b) => b.rows * b.rowBytes - a.rows * a.rowBytes || a.first - b.first);
  for (const life of ordered) {
    const bytes = life.rows * life.rowBytes;
    const rivals = placed
      .filter(({ life: other }) => other.first <= life.last && life.first <= other.last)
      .sort((a, b) => a.offset - b.offset);
    let offset = base;
    for (const rival of rivals) {
      if (offset + bytes <= rival.offset) break;
      offset = Math.max(offset, align(rival.offset + rival.bytes));
    }
    placed.push({ life, offset, rows: life.rows, rowBytes: life.rowBytes, bytes });
  }
  return new Map(placed.map(({ life, ...buffer }) => [life, buffer]));
}
