import type { Graph, GraphNode } from '../graph.js';
import type { Choices } from './choices.js';

/** What a plan has to know about its backend's kernels. */
export type Kernels = {
  /** Bytes of working memory that a band of a node needs besides its inputs and output. */
  scratch(node: GraphNode, graph: Graph, choices: Choices): number;
  /** Whether a node's kernel lists the inputs of a row, and can do so in parts (Choices.columns). */
  lists(node: GraphNode, graph: Graph): boolean;
};
