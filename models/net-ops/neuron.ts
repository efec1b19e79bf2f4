import { z } from 'zod';
import type { NetNode } from '../net.js';
import { levels, name, nodeSchema, positive } from '../schema-parts.js';
import type { NetOpDefinition } from './op.js';

/**
 * The SFA neuron: n = round_half_even(clip(x, 0, levels)); its value is n / divisor (levels, or 1 before a
 * head).
 */
export type NetNeuron = {
  op: 'neuron';
  name: string;
  input: string;
  levels: number;
  divisor: number;
  /** The reference's rank for this map: 4 [1, C, H, W] (default), 3 [1, C, H*W], 2 [1, C]. */
  rank?: 2 | 3 | 4;
};

export const isNeuron = (node: NetNode | undefined): node is NetNeuron => node?.op === 'neuron';

/** round(x), halves to the even neighbour, as torch and IEEE 754 do. */
export const roundHalfEven = (x: number): number => {
  const up = Math.round(x);
  return up - x === 0.5 && up % 2 !== 0 ? up - 1 : up;
};

/** The SFA neuron's spike count: round_half_even(clip(x, 0, levels)). */
export const spikeCount = (x: number, levels: number): number =>
  roundHalfEven(Math.min(Math.max(x, 0), levels));

export const neuron: NetOpDefinition<NetNeuron> = {
  schema: nodeSchema<NetNeuron>()({
    op: z.literal('neuron'),
    ...{ name, input: name, levels, divisor: positive },
    rank: z.union([z.literal(2), z.literal(3), z.literal(4)]).exactOptional(),
  }),
  describe: ({ levels }) => `neuron 0..${levels}`,
  inputs: ({ input }) => [input],
  shape: (_node, [x]) => x!,
  run({ levels, divisor }, _net, shape, memory) {
    const data = new Uint8Array(memory, 0, shape[0] * shape[1] * shape[2]);
    return ([x]) => {
      for (let i = 0; i < data.length; i++) data[i] = spikeCount(x!.data[i]! * x!.unit, levels);
      return { shape, data, unit: 1 / divisor };
    };
  },
  valueBytes: 1,
  macs: () => 0,
};
