import { z } from 'zod';
import { name, nodeSchema } from '../schema-parts.js';
import { product } from '../tensor.js';
import type { NetOpDefinition } from './op.js';

/** y = x0 + x1 */
export type NetAdd = { op: 'add'; name: string; inputs: [string, string] };

export const add: NetOpDefinition<NetAdd> = {
  schema: nodeSchema<NetAdd>()({ op: z.literal('add'), name, inputs: z.tuple([name, name]) }),
  describe: () => 'add',
  inputs: ({ inputs }) => [...inputs],
  shape(_node, [x, y], fail) {
    if (String(y) !== String(x)) return fail(`adds [${x}] and [${y}]`);
    return x!;
  },
  run(_node, _net, shape, memory) {
    const data = new Float64Array(memory, 0, product(shape));
    return ([x, y]) => {
      for (let i = 0; i < data.length; i++) data[i] = x!.data[i]! * x!.unit + y!.data[i]! * y!.unit;
      return { shape, data, unit: 1 };
    };
  },
  sums: true,
  macs: () => 0,
};
