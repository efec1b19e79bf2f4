import { definition, type Graph, type GraphNode } from '../../models/index.js';

/**
 * Instructions per dense MAC of CMSIS-NN's int8 kernels, compiled by GCC at -O3: measured per kind of layer,
 * with its requantisation. The library is not part of this repository, so what it takes for a whole net is an
 * estimate.
 */
export type PerMac = {
  /** 1x1 that makes channels more (measured: 32 -> 128), or fewer or as many (128 -> 32). */
  expanding: number;
  contracting: number;
  /** 3x3, 16 -> 32 and 32 -> 16. Taken for windows of other sizes too. */
  wideningWindow: number;
  narrowingWindow: number;
  /** 7x7 on 32 channels. */
  depthwise: number;
  /** 784 -> 128; taken for the two matrix products of an attention. */
  dense: number;
};

export const cortexM4: PerMac = {
  expanding: 2.65,
  contracting: 1.72,
  wideningWindow: 2.13,
  narrowingWindow: 2.06,
  depthwise: 8.88,
  dense: 1.94,
};

export const cortexM0plus: PerMac = {
  expanding: 9.08,
  contracting: 6.79,
  wideningWindow: 7.14,
  narrowingWindow: 7.06,
  depthwise: 15.5,
  dense: 6.16,
};

/**
 * Estimated instructions of CMSIS-NN for all of a graph's sums of products; neurons and pooling count as
 * nothing.
 */
export const cmsisEstimate = (graph: Graph, perMac: PerMac): number =>
  graph.nodes.reduce(
    (sum, node) => sum + definition(node).macs(node, graph) * perMac[kindOf(node, graph)],
    0,
  );

function kindOf(node: GraphNode, graph: Graph): keyof PerMac {
  if (node.op !== 'accumulate') return 'dense';
  const [height, width, channels] = graph.tensors[node.input]!.shape;
  if (node.groups > 1) return 'depthwise';
  if (node.kernel[0] === height && node.kernel[1] === width) return 'dense';
  const widens = node.out > channels;
  if (node.kernel[0] * node.kernel[1] > 1) return widens ? 'wideningWindow' : 'narrowingWindow';
  return widens ? 'expanding' : 'contracting';
}
