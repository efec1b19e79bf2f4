import type { Graph, Proof } from '../../models/graph.js';
import type { Refusal } from '../../models/table.js';
import type { StepContext } from '../emit/steps.js';
import type { Context, Layer } from '../emit/streaming/layers.js';
import type { Engine } from '../estimate/clocks.js';
import type { Terms } from '../estimate/features.js';
import type { DesignKind } from '../estimate/known-errors.js';

/** An op on the time-multiplexed core (rtl/spike_engine.v). */
export type SequentialOp<N> = {
  /** Adds the node's steps and constants to the program; the step that writes its output has `tensor`. */
  add(node: N, context: StepContext, tensor: number): void;
  /** Words and largest value of what the node keeps in the map memory while it runs (temporaryOf). */
  temporary?(node: N, graph: Graph, proof: Proof): { words: number; hi: number };
  /** Clocks per frame, estimated from the graph's firing rates. */
  clocks(node: N, graph: Graph, engine: Engine): Terms;
  /** Kind of design whose known errors apply to nets with this op; default: sequential. */
  estimatedAs?: DesignKind;
};

/** An op as its own core, between streams. */
export type StreamingOp<N> = {
  layer(node: N, context: Context): Layer;
  /** Positions of its first input that it must have taken before it can give position `at` of its output. */
  needs(node: N, graph: Graph): (at: number) => number;
  /** Bits compared in parallel by its comparators, given the width of a stream; default: 0. */
  comparators?(node: N, graph: Graph, proof: Proof, bits: (tensor: string) => number): number;
};

/** An op in Verilog: its implementation on each architecture, or why it has none. */
export type VerilogOp<N> = { sequential: SequentialOp<N> | Refusal; streaming: StreamingOp<N> | Refusal };
