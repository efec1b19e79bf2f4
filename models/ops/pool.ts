import { z } from 'zod';
import { name, nodeSchema, pair } from '../schema-parts.js';
import { type OpDefinition, OpError, requireInt32, requireWhole, union } from './op.js';

/**
 * y[r][c][ch] = sum over i < kernel rows, j < kernel columns of x[r * stride + i][c * stride + j][ch]
 *
 * A sum, not a mean: the division moves into the scale of the output, so no rounding happens. A kernel of the
 * whole map is global pooling. No padding.
 */
export type Pool = {
  op: 'pool';
  name: string;
  input: string;
  output: string;
  kernel: [number, number];
  stride: [number, number];
};

export const pool: OpDefinition<Pool> = {
  schema: nodeSchema<Pool>()({
    op: z.literal('pool'),
    ...{ name, input: name, output: name, kernel: pair, stride: pair },
  }),
  describe: () => 'pool',
  equation: ({ kernel, stride }) => [`y = sum of ${kernel.join('x')} positions, stride ${stride.join('x')}`],
  inputs: (node) => [node.input],
  reads: () => [['spikes', 'membrane']],
  writes: () => 'membrane',
  constants: () => [],
  shape(node, [x]) {
    const [h, w, c] = x!.shape;
    requireWhole('a window of', node.kernel);
    requireWhole('a stride of', node.stride);
    const size = (n: number, axis: 0 | 1) => Math.floor((n - node.kernel[axis]) / node.stride[axis]) + 1;
    const [rows, columns] = [size(h, 0), size(w, 1)];
    if (rows < 1 || columns < 1)
      throw new OpError(`a ${node.kernel.join('x')} window does not fit a ${h}x${w} map`);
    return [rows, columns, c];
  },
  prove(node, _graph, [x]) {
    const positions = node.kernel[0] * node.kernel[1];
    const output = { lo: x!.lo.map((v) => v * positions), hi: x!.hi.map((v) => v * positions) };
    const accumulator = union({
      lo: output.lo.map((v) => Math.min(0, v)),
      hi: output.hi.map((v) => Math.max(0, v)),
    });
    requireInt32('the sum', accumulator);
    return { output, accumulator };
  },
  run(node, graph, [x], output) {
    const [, width, channels] = graph.tensors[node.input]!.shape;
    const [rows, columns] = graph.tensors[node.output]!.shape;
    for (let r = 0; r < rows; r++)
      for (let c = 0; c < columns; c++)
        for (let ch = 0; ch < channels; ch++) {
          let sum = 0;
          for (let i = 0; i < node.kernel[0]; i++)
            for (let j = 0; j < node.kernel[1]; j++)
              sum += x![((r * node.stride[0] + i) * width + c * node.stride[1] + j) * channels + ch]!;
          output[(r * columns + c) * channels + ch] = sum;
        }
  },
  rows: (node, _graph, begin, end) => [[begin * node.stride[0], (end - 1) * node.stride[0] + node.kernel[0]]],
  macs: () => 0,
  work: (node) => [node.input],
  planKey: ({ name: _, input: _i, output: _o, ...rest }) => rest,
  cost: () => 0,
};
