import { z } from 'zod';
import { FACTORS, repeatPlaces, wrongFactor } from '../ops/upsample.js';
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
    const data = new Float64Array(memory, 0, product(shape));
    return ([x]) => {
      repeatPlaces(x!.data, data, shape, factor);
      return { shape, data, unit: x!.unit };
    };
  },
  macs: () => 0,
};
