import { SpikeletError } from '../../models/error.js';
import type { Graph } from '../../models/graph.js';
import { isAccumulate } from '../../models/ops/accumulate.js';
import type { Board } from '../boards/board.js';
import { shortOf } from '../fits.js';
import { ramBits } from '../parts.js';
import { type ArchitectureModel, architectures } from './architectures.js';
import { type Design, type Estimate, estimate } from './index.js';

/** A design of a graph on a board, as estimated. */
export type Point = Design & {
  /** Which of the graphs. */
  graph: number;
  /** Bits of a weight. */
  bits: number;
  /** Blocks of lanes that the layer of most outputs takes, one after the other: its reuse of a lane. */
  fold: number;
  estimate: Estimate;
  /** Logic cells where they are estimated, else look-up tables: what a part runs out of. */
  size: number;
  /** Of a frame: at the highest clock where that is estimated, else at the board's. */
  seconds: number;
  /** What the board has too little of; empty: it fits. */
  short: string[];
  /** No design that fits is both faster and smaller. */
  pareto: boolean;
};

/** Every design of every architecture for graphs, fastest first. Throws where no architecture serves a graph. */
export function explore(graphs: Graph[], board: Board): Point[] {
  const points = graphs.flatMap((graph, at) => designsOf(graph, at, board));
  const front = new Set(
    paretoFront(
      points.filter(({ short }) => !short.length),
      ({ seconds }) => seconds,
      ({ size }) => size,
    ),
  );
  return points
    .map((point) => ({ ...point, pareto: front.has(point) }))
    .sort((a, b) => a.seconds - b.seconds || a.size - b.size);
}

/** Throws a SpikeletError where the weights alone are more than all memory of a board. */
function requireMemory(graph: Graph, { name, capacity, bramBits }: Board): void {
  const needed = graph.nodes.reduce(
    (sum, node) => sum + (isAccumulate(node) ? graph.data.get(node.weights)!.length * node.bits : 0),
    0,
  );
  const there = ramBits(capacity, bramBits);
  if (needed <= there) return;
  const kib = (bits: number) => `${(bits / 8192).toFixed(0)} KiB`;
  throw new SpikeletError(
    `'${graph.name}' does not fit ${name}: its weights are ${kib(needed)}, all memory there is ${kib(there)}`,
    {
      hint: "try weights of fewer bits ('quantize --bits 4'), a smaller net or a larger part ('spikelet boards')",
    },
  );
}

function designsOf(graph: Graph, at: number, board: Board): Point[] {
  requireMemory(graph, board);
  const widest = Math.max(...graph.nodes.map((node) => (isAccumulate(node) ? node.out / node.groups : 1)));
  const bits = Math.max(...graph.nodes.map((node) => (isAccumulate(node) ? node.bits : 0)));
  const refusals: SpikeletError[] = [];
  const points = Object.entries(architectures as Record<Design['architecture'], ArchitectureModel>).flatMap(
    ([name, { lanes, datapaths }]) =>
      lanes.flatMap((count) =>
        datapaths.flatMap((datapath): Point[] => {
          const design: Design = { architecture: name as Design['architecture'], lanes: count, datapath };
          // More lanes than outputs stand idle; multipliers need a part that has some.
          if (count > 1 && count >= 2 * widest) return [];
          if (datapath === 'dsp' && !board.capacity.dsps) return [];
          try {
            const expected = estimate(graph, board, design);
            const { area, cells: size = area.luts, cycles, fmaxHz = board.clockHz } = expected;
            const short = shortOf({ ...area, luts: size }, board).map(({ text }) => text);
            const fold = Math.ceil(widest / count);
            const point = { ...design, graph: at, bits, fold, estimate: expected, size, short };
            return [{ ...point, seconds: cycles / fmaxHz, pareto: false }];
          } catch (error) {
            if (!(error instanceof SpikeletError)) throw error;
            refusals.push(error);
            return [];
          }
        }),
      ),
  );
  if (!points.length) throw refusals[0] ?? new SpikeletError(`no design of '${graph.name}' is possible`);
  return points;
}

/** Those of which no other is as good in both measures and better in one; both are the better the smaller. */
export function paretoFront<T>(items: T[], first: (item: T) => number, second: (item: T) => number): T[] {
  const sorted = [...items].sort((a, b) => first(a) - first(b) || second(a) - second(b));
  let best = Infinity;
  return sorted.filter((item) => {
    if (second(item) >= best) return false;
    best = second(item);
    return true;
  });
}
