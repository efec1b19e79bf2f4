import type { Graph } from '../../../models/graph.js';
import type { Accumulate } from '../../../models/ops/accumulate.js';

/** For a node that reads the position it writes. */
export const samePlace = () => (at: number) => at + 1;

/** Input positions, up to the last one of the window, that a node needs for an output position. */
export function windowNeeds(
  node: Pick<Accumulate, 'input' | 'output' | 'kernel' | 'stride' | 'padding'>,
  graph: Graph,
): (at: number) => number {
  const [height, width] = graph.tensors[node.input]!.shape;
  const columns = graph.tensors[node.output]!.shape[1];
  const [top, left] = node.padding;
  const last = (at: number, stride: number, padding: number, kernel: number, size: number) =>
    Math.min(at * stride - padding + kernel, size) - 1;
  return (at) => {
    const row = last(Math.floor(at / columns), node.stride[0], top, node.kernel[0], height);
    const column = last(at % columns, node.stride[1], left, node.kernel[1], width);
    return row < 0 || column < 0 ? 0 : row * width + column + 1;
  };
}
