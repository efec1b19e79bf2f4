import type { Graph } from '../../models/graph.js';
import type { Board } from '../boards/board.js';
import type { VerilogOptions } from '../emit/index.js';
import type { Area } from '../parts.js';
import { architectures } from './architectures.js';
import { fitted } from './coefficients.js';
import { type Features, sumOf } from './features.js';
import type { Fitted } from './fitted.js';
import { bramsOf, spramsOf } from './memories.js';

/** A design, in the form that `emitVerilog` takes. */
export type Design = Required<Pick<VerilogOptions, 'lanes' | 'datapath'>> & {
  architecture: keyof typeof architectures;
};

/**
 * A design's expected resources and speed, before synthesis. Linear in the architecture's features
 * (features.ts), with coefficients fitted to synthesised, placed and simulated designs; their errors are
 * printed by `npm run bench -- explore`.
 */
export type Estimate = {
  area: Area;
  /** iCE40 logic cells after placement: each holds a look-up table, a flip-flop or both. */
  cells?: number;
  /** Clocks per frame, at the activity of the calibration images. */
  cycles: number;
  /** Clocks of the frame's arrival and of each node. */
  nodeCycles: number[];
  /** Highest clock; only for parts that can be placed. */
  fmaxHz?: number;
};

/**
 * Estimates a design. Throws a SpikeletError if the architecture does not support the graph or was not
 * calibrated.
 */
export function estimate(graph: Graph, board: Board, design: Design): Estimate {
  const features = architectures[design.architecture].features(graph, board, design);
  return estimateOf(features, board, fitted[design.architecture]);
}

/** A design's estimate from its features and the fitted coefficients. */
export function estimateOf(
  features: Features,
  board: Board,
  { luts, flipFlops, cells, families, period, cycles }: Fitted,
): Estimate {
  const { memories, multipliers, logic } = features;
  const part = families[board.family] ?? { luts: 1, flipFlops: 1 };
  const huge = memories.filter(({ huge }) => huge);
  const block = memories.filter(({ huge }) => !huge);
  const nodeCycles = features.cycles.map((terms) => sumOf(terms, cycles));
  const times = board.nextpnr && period[board.nextpnr.device];
  return {
    area: {
      luts: Math.round(sumOf(logic, luts) * part.luts),
      flipFlops: Math.round(sumOf(logic, flipFlops) * part.flipFlops),
      carries: 0,
      brams: block.reduce((sum, memory) => sum + bramsOf(memory, board.family), 0),
      sprams: huge.reduce((sum, memory) => sum + spramsOf(memory), 0),
      dsps: board.capacity.dsps ? multipliers : 0,
    },
    ...(board.nextpnr ? { cells: Math.round(sumOf(logic, luts) * cells) } : {}),
    cycles: Math.round(nodeCycles.reduce((sum, x) => sum + x, 0)),
    nodeCycles: nodeCycles.map(Math.round),
    ...(times ? { fmaxHz: 1e9 / sumOf(features.period, times) } : {}),
  };
}

/**
 * A design's options for simulation: as much single-port RAM as its maps take, because access to it may wait.
 * Weights are not put in it: they would have to be loaded first, and the timing is the same.
 */
export function simulationOf(graph: Graph, board: Board, design: Design): VerilogOptions {
  const { memories } = architectures[design.architecture].features(graph, board, design);
  const maps = memories.filter(({ name, huge }) => huge && name === 'maps');
  return { ...design, sprams: maps.reduce((sum, memory) => sum + spramsOf(memory), 0) };
}
