import { isNeuron, type NetNode, type NetOp } from '../models/net.js';
import { union } from '../models/ops/op.js';
import { fuseConv } from './conv.js';
import type { Fuse } from './fusion.js';
import { thresholdsOf } from './thresholds.js';
import { run, spikes } from './work.js';

/** How every op of a Net becomes part of a Graph. */
export const fusers: { [O in NetOp]: Fuse<Extract<NetNode, { op: O }>> } = {
  conv: fuseConv,

  neuron({ name, input, levels, divisor }, { kind, refuse }) {
    if (kind(input) !== 'membrane') refuse(name, `fires on ${kindName(kind(input))} '${input}'`);
    return {
      output: name,
      kind: 'spikes',
      reads: [input],
      build(work) {
        const { tensors, data } = work.graph;
        tensors[name] = spikes(work.shapes.get(name)!, levels, divisor);
        const { lo, hi } = union(work.ranges.get(input)!);
        const thresholds = `${name}.thresholds`;
        data.set(thresholds, thresholdsOf(tensors[input]!.scale, 0, levels, lo, hi));
        return run(work, { op: 'fire', name, input, output: name, thresholds });
      },
    };
  },

  attend({ name, inputs, heads, scale }, { kind, onlyReader, refuse }) {
    for (const input of inputs)
      if (kind(input) !== 'spikes') refuse(name, `reads '${input}', which are not spikes`);
    const reader = onlyReader(name);
    if (!isNeuron(reader)) return refuse(name, 'its result must be read by one neuron');
    const { name: output, levels, divisor } = reader;
    return {
      output,
      kind: 'spikes',
      reads: inputs,
      build(work) {
        const { tensors, data } = work.graph;
        tensors[output] = spikes(work.shapes.get(output)!, levels, divisor);
        const unit = inputs.reduce((all, input) => all * tensors[input]!.scale, scale);
        const thresholds = `${output}.thresholds`;
        data.set(thresholds, thresholdsOf(unit, 0, levels, 0, 2 ** 31 - 2));
        return run(work, { op: 'attend', name, inputs, output, heads, thresholds });
      },
    };
  },

  pool: ({ name, input }) => ({
    output: name,
    kind: 'membrane',
    reads: [input],
    build(work) {
      const { tensors } = work.graph;
      const [rows, columns, channels] = tensors[input]!.shape;
      const scale = tensors[input]!.scale / (rows * columns);
      tensors[name] = { kind: 'membrane', type: 'i32', shape: [1, 1, channels], scale };
      return run(work, { op: 'pool', name, input, output: name, kernel: [rows, columns], stride: [1, 1] });
    },
  }),

  upsample({ name, input, factor }, { kind, refuse }) {
    if (kind(input) !== 'spikes') refuse(name, `repeats '${input}', which are not spikes`);
    return {
      output: name,
      kind: 'spikes',
      reads: [input],
      build(work) {
        const { tensors } = work.graph;
        tensors[name] = { ...tensors[input]!, shape: work.shapes.get(name)! };
        return run(work, { op: 'upsample', name, input, output: name, factor });
      },
    };
  },

  add: ({ name }, { refuse }) =>
    refuse(name, 'adds two streams, and neither is the result of a conv that is read only here'),
};

/** Its name in messages. */
const kindName = (kind: string): string => (kind === 'pixels' ? 'image' : kind);
