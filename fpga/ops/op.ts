import type { Graph, Proof } from '../../models/graph.js';
import type { Refusal } from '../../models/table.js';
import type { StepContext } from '../emit/steps.js';
import type { Context, Layer } from '../emit/streaming/layers.js';
import type { Engine } from '../estimate/clocks.js';
import type { Terms } from '../estimate/features.js';
import type { DesignKind } from '../estimate/known-errors.js';

/** An op on the time-multiplexed core (rtl/spike_engine.v). */
export type SequentialOp<N> = {
  /** Adds the node's steps and constants to the program; the step that writes its output carries `tensor`. */
  add(node: N, context: StepContext, tensor: number): void;
  /** What lies in the memory of maps while the node runs: its name there (temporaryOf), words and the largest of them. */
  temporary?(node: N, graph: Graph, proof: Proof): { words: number; hi: number };
  /** Clocks of a frame, estimated from the graph's firing rates. */
  clocks(node: N, graph: Graph, engine: Engine): Terms;
  /** The kind of designs by which estimates of nets that have the op are judged; default: sequential. */
  estimatedAs?: DesignKind;
};

/** An op as a core of its own, between streams. */
export type StreamingOp<N> = {
  layer(node: N, context: Context): Layer;
  /** Places of its first input that it must have taken before it can give place `at` of its output. */
  needs(node: N, graph: Graph): (at: number) => number;
  /** Bits that its comparators compare at a time, by the bits of a stream; default: 0. */
  comparators?(node: N, graph: Graph, proof: Proof, bits: (tensor: string) => number): number;
};

/** An op in Verilog: in each architecture, or why not. */
export type VerilogOp<N> = { sequential: SequentialOp<N> | Refusal; streaming: StreamingOp<N> | Refusal };
