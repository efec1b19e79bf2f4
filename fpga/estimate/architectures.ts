import type { Graph } from '../../models/graph.js';
import type { Board } from '../boards/board.js';
import { type Architecture, type Datapath, datapaths } from '../emit/index.js';
import type { Features } from './features.js';
import { sequentialFeatures } from './sequential.js';
import { streamingFeatures } from './streaming.js';

/** What to explore of an architecture. */
export type ArchitectureModel = {
  /** Numbers of lanes worth trying, ascending. */
  lanes: readonly number[];
  datapaths: readonly Datapath[];
  features(graph: Graph, board: Board, design: { lanes: number; datapath: Datapath }): Features;
};

/** Every architecture of `emitVerilog`, by the same name. */
export const architectures = {
  sequential: {
    lanes: [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64],
    datapaths,
    features: sequentialFeatures,
  },
  streaming: {
    lanes: [1, 2, 4, 8, 16, 32],
    datapaths,
    features: streamingFeatures,
  },
} satisfies Record<Architecture, ArchitectureModel>;
