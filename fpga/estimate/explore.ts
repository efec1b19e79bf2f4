import { SpikeletError } from '../../models/error.js';
import type { Graph } from '../../models/graph.js';
import { isAccumulate } from '../../models/ops/accumulate.js';
import type { Board } from '../boards/board.js';
import { shortOf } from '../fits.js';
import { ramBits } from '../parts.js';
import { type ArchitectureModel, architectures } from './architectures.js';
import { type Design, type Estimate, estimate } from './index.js';

/** A design of a graph on a board, with its estimate. */
export type Point = Design & {
  /** Index of the graph. */
  graph: number;
  /** Bits of a weight. */
  bits: number;
  /** Blocks of lanes that the layer with the most outputs takes in sequence: how often it reuses a lane. */
  fold: number;
  estimate: Estimate;
  /** Logic cells if they are estimated, otherwise look-up tables: the resource that a part runs out of. */
  size: number;
  /** Time of a frame, at the highest clock if it is estimated, otherwise at the board's clock. */
  seconds: number;
  /** Resources that the board lacks; empty if the design fits. */
  short: string[];
  /** Whether no other design that fits is both faster and smaller. */
  pareto: boolean;
};

/** Every design of every architecture for the graphs, fastest first. Throws if none supports a graph. */
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

/** Throws a SpikeletError if the weights alone exceed all memory of a board. */
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
          // Lanes beyond the number of outputs are idle; multiplying needs a part with multipliers.
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

/** The items that no other item matches in both measures and beats in one; smaller is better in both. */
export function paretoFront<T>(items: T[], first: (item: T) => number, second: (item: T) => number): T[] {
  const sorted = [...items].sort((a, b) => first(a) - first(b) || second(a) - second(b));
  let best = Infinity;
  return sorted.filter((item) => {
    if (second(item) >= best) return false;
    best = second(item);
    return true;
  });
}
