import { z } from 'zod';
import { product, type Shape } from '../tensor.js';
import { type FrontEndDefinition, refusal } from './front-end.js';

/** A photo of u8 as it is, [row][column][channel]: what a Graph without a front end takes. */
export type Pixels = { shape: Shape };

const side = z.int().min(1).max(65536);

const kind = 'pixels';

export const pixels: FrontEndDefinition<Pixels, Uint8Array> = {
  raw: 'u8',
  schema: z.strictObject({ shape: z.tuple([side, side, side]) }),
  check({ shape }) {
    if (product(shape) > 2 ** 27)
      throw refusal(kind, `a photo must have at most ${2 ** 27} values, got ${product(shape)}`);
  },
  tableLengths: () => ({}),
  checkTables() {},
  outputShape: ({ shape }) => shape,
  state: () => ({}),
  describe: ({ shape }) => `${shape.join('x')} bytes as they are`,
  run({ shape }, _, raw) {
    if (raw.length !== product(shape))
      throw refusal(kind, `a photo must be ${shape.join('x')} = ${product(shape)} bytes, got ${raw.length}`);
    return [raw.slice()];
  },
  stream: (parameters, tables) => ({
    push: (raw) => pixels.run(parameters, tables, raw),
    end: () => [],
  }),
};
