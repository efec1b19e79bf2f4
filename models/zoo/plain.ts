import type { NetNode } from '../net.js';
import type { Shape } from '../tensor.js';
import { type Builder, conv, head, layer, neuron } from './blocks.js';

/** Sizes of `dense` and `conv`; each takes those it knows. */
export type PlainOptions = {
  /** Channels of the image. */
  channels: number;
  classes: number;
  /** Levels D of every neuron. */
  levels: number;
  /** Neurons of each hidden layer of `dense`. */
  hidden: number[];
  /** Channels of each convolution of `conv`, all with stride 2. */
  maps: number[];
};

export const denseDefaults: Omit<PlainOptions, 'maps'> = {
  channels: 1,
  classes: 10,
  levels: 4,
  hidden: [128],
};
export const convDefaults: Omit<PlainOptions, 'hidden'> = {
  channels: 1,
  classes: 10,
  levels: 4,
  maps: [16, 32, 64],
};

/**
 * Fully connected: every pixel fires its own neuron (a 1x1 convolution, batch norm, neuron: direct coding
 * with a learned scale and offset), then hidden layers over the whole map, then a linear layer. With
 * `denseDefaults` 784-128-10.
 */
export function denseNet(o: typeof denseDefaults, [rows, columns]: Shape): NetNode[] {
  const b: Builder = { nodes: [], levels: o.levels };
  const code = conv(b, 'input', layer('code'), { in: o.channels, out: o.channels });
  let x = neuron(b, code, 'code.2');
  let [width, kernel] = [o.channels, [rows, columns] as [number, number]];
  o.hidden.forEach((out, i) => {
    const { conv: name, bn } = layer(`h${i + 1}`);
    b.nodes.push({
      op: 'conv',
      name,
      input: x,
      in: width,
      out,
      kernel,
      stride: [1, 1],
      padding: [0, 0],
      groups: 1,
      bias: false,
      bn,
      weightShape: [out, width, ...kernel],
    });
    x = neuron(b, name, `h${i + 1}.2`);
    [width, kernel] = [out, [1, 1]];
  });
  conv(b, x, { conv: 'head' }, { in: width, out: o.classes, bias: true, weightRank: 2 });
  return b.nodes;
}

/**
 * Plain convolutions 3x3 with stride 2, each with batch norm and neuron, no residuals; global average, linear
 * head.
 */
export function convNet(o: typeof convDefaults): NetNode[] {
  const b: Builder = { nodes: [], levels: o.levels };
  let [x, width] = ['input', o.channels];
  o.maps.forEach((out, i) => {
    if (i) x = neuron(b, x, `c${i}.2`);
    x = conv(b, x, layer(`c${i + 1}`), { in: width, out, kernel: 3, stride: 2 });
    width = out;
  });
  head(b, x, { pool: 'pool', neuron: 'hs', linear: 'head' }, { channels: width, classes: o.classes });
  return b.nodes;
}
