import type { GraphNode, TensorKind } from '../models/graph.js';
import type { NetNode } from '../models/net.js';
import type { Work } from './work.js';

/** A node of the Graph to be. */
export type Fusion = {
  /**
   * Name and kind of the value that it writes: its node's, or that of the node after it that is fused into
   * it.
   */
  output: string;
  kind: TensorKind;
  /** Names of the values that it reads. */
  reads: string[];
  /** Makes the node with its tensor and constants, calibrated on the output of the nodes before it. */
  build(work: Work): GraphNode;
};

/** What an op may ask about the Net while its nodes are fused. */
export type Fusing = {
  /** What an earlier value will be in the Graph. */
  kind(name: string): TensorKind;
  /** The only node that reads a value; undefined if there are more. */
  onlyReader(name: string): NetNode | undefined;
  isLast(node: NetNode): boolean;
  /** Whether a value is computed before another one. */
  isBefore(name: string, other: string): boolean;
  /** Refuses the Net because of one of its nodes. */
  refuse(name: string, why: string): never;
};

/** How an op of a Net becomes a node of a Graph. */
export type Fuse<N> = (node: N, fusing: Fusing) => Fusion;
