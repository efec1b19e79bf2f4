import { definition, type Graph } from '../graph.js';
import { type RowLives, rowLives } from './lives.js';
import { schedule } from './schedule.js';

/** Nodes `first` .. `last`, which read one tensor, `input`; only the last node's output is read later. */
export type Segment = { input: string; first: number; last: number };

/** Nodes whose output everything passes through: when it is complete, nothing else is alive. By index. */
export function narrows(graph: Graph): number[] {
  const writer = new Map([['input', -1], ...graph.nodes.map((node, i) => [node.output, i] as const)]);
  // The last reader of anything that was written before a node.
  const reader = new Array<number>(graph.nodes.length + 1).fill(0);
  graph.nodes.forEach((node, index) => {
    for (const name of definition(node).inputs(node)) reader[writer.get(name)! + 1] = index;
  });
  let furthest = 0;
  return graph.nodes.flatMap((_, index) => {
    furthest = Math.max(furthest, reader[index]!);
    return furthest <= index ? [index] : [];
  });
}

/** What a segment's tensors and steps take in memory over time. */
export type Profile = {
  /** Steps of each node, from the first of the segment on. */
  stepsOf: number[];
  /** The node of each step, from the first of the segment on. */
  nodes: Int32Array;
  /** Rows alive at each step: of the input, then of each node's output. */
  rows: Int32Array[];
  /** First and last step of each node. */
  span: [number, number][];
};

/** Runs a segment in bands of `band` rows of its output, and as many rows of earlier nodes as these need. */
export function profileOf(graph: Graph, { input, first, last }: Segment, band: number): Profile {
  const bands = bandsOf(graph, { input, first, last }, band);
  const steps = schedule(graph, { band: (node) => bands.get(node)!, whole: new Set() }, [first, last]);
  const nodes = graph.nodes.slice(first, last + 1);
  const names = [input, ...nodes.map(({ output }) => output)];
  const lives = rowLives(graph, steps, names, { there: input, kept: names.at(-1)! });
  const onResidual = new Map(
    nodes.flatMap((node) => {
      const below = definition(node).onto?.(node);
      return below === undefined ? [] : [[below, node.output] as const];
    }),
  );
  const rows = names.map((name) => {
    const sum = onResidual.get(name);
    const alike = sum !== undefined && graph.tensors[sum]!.type === graph.tensors[name]!.type;
    return rowsAlive(lives.get(name)!, steps.length, alike ? lives.get(sum) : undefined);
  });
  const stepsOf = nodes.map(() => 0);
  const span = nodes.map((): [number, number] => [steps.length, 0]);
  const at = Int32Array.from(steps, ({ node }) => node - first);
  at.forEach((node, t) => {
    stepsOf[node]!++;
    span[node] = [Math.min(span[node]![0], t), t];
  });
  return { stepsOf, nodes: at, rows, span };
}

/** Rows that each node of a segment computes at a time: as many as `band` rows of its output need. */
export function bandsOf(graph: Graph, { first, last }: Segment, band: number): Map<number, number> {
  const height = (index: number) => graph.tensors[graph.nodes[index]!.output]!.shape[0];
  const bands = new Map<number, number>();
  for (let index = first; index <= last; index++)
    bands.set(index, Math.max(1, Math.ceil((band * height(index)) / height(last))));
  return bands;
}

/** Rows of a tensor alive at each step; a row that its sum overwrites is not counted twice. */
function rowsAlive({ rows, first, last }: RowLives, steps: number, sum: RowLives | undefined): Int32Array {
  const alive = new Int32Array(steps + 2);
  if (rows < first.length) {
    alive[first[0]!]! += rows;
    alive[last.reduce((a, b) => Math.max(a, b)) + 1]! -= rows;
  } else
    for (let r = 0; r < rows; r++) {
      alive[first[r]!]!++;
      const replaced = sum && sum.rows === sum.first.length && sum.first[r] === last[r];
      alive[last[r]! + (replaced ? 0 : 1)]!--;
    }
  for (let t = 1; t < alive.length; t++) alive[t]! += alive[t - 1]!;
  return alive;
}

/** Text that is equal for segments that take the same memory and time, whatever their names. */
export function signatureOf(
  graph: Graph,
  { input, first, last }: Segment,
  fetch: ReadonlyMap<string, unknown>,
): string {
  const nodes = graph.nodes.slice(first, last + 1);
  const names = [input, ...nodes.map(({ output }) => output)];
  const tensors = names.map((name) => {
    const { kind, type, shape, levels, activity } = graph.tensors[name]!;
    return [kind, type, shape, levels, activity?.density.toFixed(1)];
  });
  const parts = nodes.map((node) => [
    definition(node)
      .inputs(node)
      .map((name) => names.indexOf(name)),
    definition(node).planKey(node),
    fetch.get(node.name) ?? 0,
  ]);
  return JSON.stringify([tensors, parts]);
}
