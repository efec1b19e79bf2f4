import type { Graph } from '../../models/graph.js';
import { product } from '../../models/tensor.js';
import type { Datapath } from '../emit/datapaths.js';
import { activityOf, additionsPerEvent } from './features.js';

/** What clocks of the sequential core depend on; `framed`: the events of the frame are kept as it comes. */
export type Engine = { lanes: number; datapath: Datapath; multipliers: boolean; framed: boolean };

/** Clocks around the scan of a window, and around the replay of a further block, of a value that passes, before a write. */
export const AROUND = { window: 6.4, block: 5, pass: 3, scale: 7, serial: 5 };

/** Additions per value of a tensor: its density times what an event takes. */
export function eventsOf(name: string, graph: Graph, datapath: Datapath): number {
  const { levels = 127 } = graph.tensors[name]!;
  const { rate, density } = activityOf(name, graph);
  if (density === 0) return 0;
  return density * additionsPerEvent(datapath, levels, rate / density);
}

/** Thresholds are compared until one is not reached. */
export const comparisons = (name: string, graph: Graph): number =>
  product(graph.tensors[name]!.shape) * (1 + activityOf(name, graph).rate);
