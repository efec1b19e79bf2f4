import { z } from 'zod';
import { name, nodeSchema } from '../schema-parts.js';
import { product } from '../tensor.js';
import type { NetOpDefinition } from './op.js';

/** Mean over all positions. */
export type NetPool = { op: 'pool'; name: string; input: string };

export const pool: NetOpDefinition<NetPool> = {
  schema: nodeSchema<NetPool>()({ op: z.literal('pool'), name, input: name }),
  describe: () => 'pool',
  inputs: ({ input }) => [input],
  shape: (_node, [x]) => [1, 1, x![2]],
  run(_node, _net, shape, memory) {
    const data = new Float64Array(memory, 0, product(shape));
    return ([x]) => {
      const positions = x!.data.length / data.length;
      data.fill(0);
      for (let i = 0; i < x!.data.length; i++) {
        const c = i % data.length;
        data[c] = data[c]! + x!.data[i]!;
      }
      for (let c = 0; c < data.length; c++) data[c] = (data[c]! * x!.unit) / positions;
      return { shape, data, unit: 1 };
    };
  },
  macs: () => 0,
};
