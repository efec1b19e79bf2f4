import { z } from 'zod';
import { name, nodeSchema, positive, size } from '../schema-parts.js';
import { product, type Shape } from '../tensor.js';
import type { NetOpDefinition, NetValue, NodeRunner } from './op.js';

/**
 * y = scale * q (k^T v) per head, no softmax; q, k: C channels, v: a multiple of C; heads split channels
 * contiguously.
 */
export type NetAttend = {
  op: 'attend';
  name: string;
  inputs: [q: string, k: string, v: string];
  heads: number;
  scale: number;
};

export const attend: NetOpDefinition<NetAttend> = {
  schema: nodeSchema<NetAttend>()({
    op: z.literal('attend'),
    ...{ name, inputs: z.tuple([name, name, name]), heads: size, scale: positive },
  }),
  describe: ({ heads }) => `attend, ${heads} heads`,
  inputs: ({ inputs }) => [...inputs],
  shape(node, inputs, fail) {
    const [q, k, v] = inputs as [Shape, Shape, Shape];
    if (String(k) !== String(q) || v[0] !== q[0] || v[1] !== q[1])
      return fail(`q [${q}], k [${k}] and v [${v}] do not fit each other`);
    if (q[2] % node.heads || v[2] % node.heads)
      return fail(`${node.heads} heads do not divide ${q[2]} and ${v[2]} channels`);
    return v;
  },
  run: (node, _net, shape, memory) => runner(node, shape, new Float64Array(memory, 0, product(shape))),
  // k^T v of every head.
  working: (node, shapes) => 8 * shapes.get(node.inputs[0])![2] * (shapes.get(node.name)![2] / node.heads),
  macs: (node, shapes) => 2 * product(shapes.get(node.name)!) * (shapes.get(node.inputs[0])![2] / node.heads),
};

/** q (k^T v) in integers while q, k and v are counts, scaled at the end: exact ties stay exact. */
function runner(node: NetAttend, shape: Shape, data: Float64Array): NodeRunner {
  const wide = shape[2];
  return ([q, k, v]) => {
    const channels = q!.shape[2];
    const positions = q!.shape[0] * q!.shape[1];
    const [d, e] = [channels / node.heads, wide / node.heads];
    const kv = new Float64Array(channels * e);
    const addOuter = (x: NetValue, t: number, body: (i: number, value: number, wideAt: number) => void) => {
      for (let i = 0; i < channels; i++) {
        const value = x.data[t * channels + i]!;
        if (value !== 0) body(i, value, t * wide + Math.floor(i / d) * e);
      }
    };
    for (let t = 0; t < positions; t++)
      addOuter(k!, t, (i, value, from) => {
        for (let j = 0; j < e; j++) kv[i * e + j] = kv[i * e + j]! + value * v!.data[from + j]!;
      });
    data.fill(0);
    for (let t = 0; t < positions; t++)
      addOuter(q!, t, (i, value, to) => {
        for (let j = 0; j < e; j++) data[to + j] = data[to + j]! + value * kv[i * e + j]!;
      });
    return { shape, data, unit: node.scale * q!.unit * k!.unit * v!.unit };
  };
}
