import { definition, type Graph, outputOf } from '../graph.js';
import type { PlanStep } from './schedule.js';

/** First and last step (inclusive) that some memory is in use. */
export type Span = [first: number, last: number];

/** Bytes of a life that are alive at the same times; `offset` within it. */
export type Block = { offset: number; bytes: number; times: Span[] };

/** Something that needs a place in the arena, and when: `span` from the first time to the last. */
export type Life = { bytes: number; blocks: Block[]; span: Span };

function life(bytes: number, blocks: Block[]): Life {
  const times = blocks.flatMap((block) => block.times);
  const span = times.reduce<Span>(
    ([first, last], [begin, end]) => [Math.min(first, begin), Math.max(last, end)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
  return { bytes, blocks, span };
}

/** A tensor's rows: when each is written and read last, and how many must be held at once. */
export type RowLives = { rows: number; first: Int32Array; last: Int32Array };

/**
 * Rows of the tensors `names` over the steps. One of them is complete at the start, the steps write the
 * others; one is kept whole after the end (of a graph, the logits).
 */
export function rowLives(
  graph: Graph,
  steps: readonly PlanStep[],
  names = Object.keys(graph.tensors),
  { there, kept } = { there: 'input', kept: outputOf(graph) },
): Map<string, RowLives> {
  const lives = new Map<string, RowLives>();
  for (const name of names) {
    const height = graph.tensors[name]!.shape[0];
    const first = new Int32Array(height);
    const last = new Int32Array(height).fill(name === kept ? steps.length : -1);
    lives.set(name, { rows: name === there || name === kept ? height : 1, first, last });
  }
  steps.forEach(({ node: index, row, rows }, at) => {
    const node = graph.nodes[index]!;
    const op = definition(node);
    lives.get(node.output)!.first.fill(at, row, row + rows);
    const spans = op.rows(node, graph, row, row + rows);
    op.inputs(node).forEach((name, i) => {
      lives.get(name)!.last.fill(at, ...spans[i]!);
    });
  });
  for (const life of lives.values()) {
    // A row that nothing reads is alive while it is written.
    for (let r = 0; r < life.last.length; r++) life.last[r] = Math.max(life.last[r]!, life.first[r]!);
    life.rows = Math.max(life.rows, rowsAtOnce(life));
  }
  return lives;
}

/** Most rows between the lowest that is still read and the highest written. Rows are written in order. */
function rowsAtOnce({ first, last }: RowLives): number {
  let most = 0;
  let low = 0;
  for (let begin = 0, end = 0; begin < first.length; begin = end) {
    for (end = begin + 1; end < first.length && first[end] === first[begin]; end++);
    while (low < begin && last[low]! < first[begin]!) low++;
    most = Math.max(most, end - low);
  }
  return most;
}

/** The life of a tensor that is held as a ring of `rows` rows: row by row where all of them are held. */
export function tensorLife({ rows, first, last }: RowLives, rowBytes: number): Life {
  const bytes = rows * rowBytes;
  if (rows < first.length)
    return life(bytes, [{ offset: 0, bytes, times: [[first[0]!, last.reduce((a, b) => Math.max(a, b))]] }]);
  const blocks: Block[] = [];
  for (let r = 0; r < rows; r++) {
    const before = blocks.at(-1)?.times[0];
    if (before && before[0] === first[r] && before[1] === last[r]) blocks.at(-1)!.bytes += rowBytes;
    else blocks.push({ offset: r * rowBytes, bytes: rowBytes, times: [[first[r]!, last[r]!]] });
  }
  return life(bytes, blocks);
}

/** The life of working memory: the steps of its node. */
export function scratchLife(steps: readonly PlanStep[], node: number, bytes: number): Life {
  const times: Span[] = [];
  steps.forEach((step, at) => {
    if (step.node !== node) return;
    const before = times.at(-1);
    if (before && before[1] === at - 1) before[1] = at;
    else times.push([at, at]);
  });
  return life(bytes, [{ offset: 0, bytes, times }]);
}

/** The life of what a node keeps: from its first step to its last. */
export function keptLife(steps: readonly PlanStep[], node: number, bytes: number): Life {
  const first = steps.findIndex((step) => step.node === node);
  const last = steps.findLastIndex((step) => step.node === node);
  return life(bytes, [{ offset: 0, bytes, times: [[first, last]] }]);
}
