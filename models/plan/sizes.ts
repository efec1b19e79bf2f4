import { bytesPerValue, definition, type Graph, type GraphNode } from '../graph.js';
import { type Choices, countBytes } from './choices.js';
import type { Kernels } from './kernels.js';
import { align } from './layout.js';

/** Bytes of a row of a tensor. */
export function rowBytesOf(graph: Graph, name: string, { packed }: Choices): number {
  const { shape, type } = graph.tensors[name]!;
  return shape[1] * (packed.has(name) ? countBytes(shape[2], true) : shape[2] * bytesPerValue(type));
}

/** Working memory of a node's kernel in all threads, without constants that are fetched. */
export const scratchBytes = (kernels: Kernels, graph: Graph, node: GraphNode, choices: Choices): number =>
  (choices.threads ?? 1) * align(kernels.scratch(node, graph, choices));

/** All working memory of a node. */
export const ownBytes = (kernels: Kernels, graph: Graph, node: GraphNode, choices: Choices): number =>
  scratchBytes(kernels, graph, node, choices) + (choices.fetches.get(node.name)?.bytes ?? 0);

/** What a node keeps between its steps: with several threads, each has its own. */
export function keptBytes(graph: Graph, node: GraphNode, { threads = 1 }: Choices): number {
  const bytes = definition(node).kept?.(node, graph) ?? 0;
  return threads > 1 ? threads * align(bytes) : bytes;
}
