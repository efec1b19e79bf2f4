import { z } from 'zod';
import { FACTORS, wrongFactor } from '../ops/upsample.js';
import { name, nodeSchema } from '../schema-parts.js';
import { product } from '../tensor.js';
import type { NetOpDefinition } from './op.js';

/**
 * y[r][c][ch] = x[floor(r / factor)][floor(c / factor)][ch]: nearest neighbour, as torch's nn.Upsample does
 * by default.
 */
export type NetUpsample = { op: 'upsample'; name: string; input: string; factor: number };

export const upsample: NetOpDefinition<NetUpsample> = {
  schema: nodeSchema<NetUpsample>()({
    op: z.literal('upsample'),
    ...{ name, input: name, factor: z.int().min(FACTORS[0]).max(FACTORS[1]) },
  }),
  describe: ({ factor }) => `upsample ${factor}x`,
  inputs: ({ input }) => [input],
  shape({ factor }, [x], fail) {
    const wrong = wrongFactor(factor);
    if (wrong) return fail(wrong);
    return [factor * x![0], factor * x![1], x![2]];
  },
  run({ factor }, _net, shape, memory) {
    const [rows, columns, channels] = shape;
    const data = new Float64Array(memory, 0, product(shape));
    return ([x]) => {
      const width = x!.shape[1];
      let at = 0;
      for (let r = 0; r < rows; r++)
        for (let c = 0; c < columns; c++) {
          const from = (Math.floor(r / factor) * width + Math.floor(c / factor)) * channels;
          for (let ch = 0; ch < channels; ch++) data[at++] = x!.data[from + ch]!;
        }
      return { shape, data, unit: x!.unit };
    };
  },
  macs: () => 0,
};
