import type { Graph } from '../../models/graph.js';
import { product } from '../../models/tensor.js';
import type { Datapath } from '../emit/datapaths.js';
import { activityOf, additionsPerEvent } from './features.js';

/** Parameters of the sequential core's clocks. `framed`: events of the frame are kept as it arrives. */
export type Engine = { lanes: number; datapath: Datapath; multipliers: boolean; framed: boolean };

/**
 * Overhead in clocks: per window scan, per replay for a further block, per value passed through, and before a
 * write with multipliers (`scale`) or bit by bit (`serial`).
 */
export const AROUND = { window: 6.4, block: 5, pass: 3, scale: 7, serial: 5 };

/** Additions per value of a tensor: its density times the additions per event. */
export function eventsOf(name: string, graph: Graph, datapath: Datapath): number {
  const { levels = 127 } = graph.tensors[name]!;
  const { rate, density } = activityOf(name, graph);
  if (density === 0) return 0;
  return density * additionsPerEvent(datapath, levels, rate / density);
}

/** Thresholds are compared up to the first that is not reached. */
export const comparisons = (name: string, graph: Graph): number =>
  product(graph.tensors[name]!.shape) * (1 + activityOf(name, graph).rate);
