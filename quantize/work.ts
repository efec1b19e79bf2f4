import { allocate, definition, type Graph, type GraphNode, type GraphTensor } from '../models/graph.js';
import type { Net } from '../models/net.js';
import type { WeightBits } from '../models/ops/accumulate.js';
import type { ChannelRange, Values } from '../models/ops/op.js';
import type { Shape } from '../models/tensor.js';
import type { Correction } from './correction.js';
import type { FloatStatistics } from './statistics.js';

/** How weights are rounded: each to its nearest, or by GPTQ. */
export type Rounding = 'nearest' | 'gptq';

export type QuantizeOptions = {
  bits: WeightBits;
  /**
   * Default `statistics`: mean and deviation of every channel as in the float network (batch norm
   * re-estimation).
   */
  correction?: Correction;
  /** Default `nearest` at 8 and 6 bits, `gptq` at 4. */
  rounding?: Rounding;
  /** Called while the float network runs, before the first layer. */
  onImage?: (done: number, images: number) => void;
  onLayer?: (name: string, done: number, layers: number) => void;
};

/** State of turning a Net into a Graph, layer by layer. */
export type Work = {
  net: Net;
  graph: Graph;
  options: Required<Omit<QuantizeOptions, 'onLayer' | 'onImage'>>;
  shapes: Map<string, Shape>;
  float: FloatStatistics;
  /** Real value of one unit of each residual stream, by any of its values' names. */
  streamUnit: (name: string) => number;
  ranges: Map<string, ChannelRange>;
  /** Integer values of the calibration images, by tensor. */
  samples: Map<string, Values[]>;
};

/** A tensor of spikes. */
export const spikes = (shape: Shape, levels: number, divisor: number): GraphTensor => ({
  kind: 'spikes',
  type: 'u8',
  shape,
  scale: 1 / divisor,
  levels,
});

/** Proves a finished node and computes its output for every calibration image. */
export function run<N extends GraphNode>(work: Work, node: N): N {
  const op = definition(node);
  const inputs = op.inputs(node);
  work.ranges.set(
    node.output,
    op.prove(
      node,
      work.graph,
      inputs.map((name) => work.ranges.get(name)!),
    ).output,
  );
  const tensor = work.graph.tensors[node.output]!;
  const outputs = work.samples.get(inputs[0]!)!.map((_, i) => {
    const output = allocate(tensor);
    op.run(
      node,
      work.graph,
      inputs.map((name) => work.samples.get(name)![i]!),
      output,
    );
    return output;
  });
  work.samples.set(node.output, outputs);
  return node;
}
