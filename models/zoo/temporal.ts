import type { NetConv, NetNode } from '../net.js';
import { type Builder, conv, head, layer, neuron } from './blocks.js';

/** Sizes of `audio` and `imu`. */
export type TemporalOptions = {
  /** Channels of a row of the image: mel bands, or a sensor's axes. */
  channels: number;
  classes: number;
  /** Levels D of every neuron. */
  levels: number;
  /** Channels of each convolution over time; all but the first have stride 2. */
  maps: number[];
};

export const audioDefaults: TemporalOptions = {
  channels: 20,
  classes: 10,
  levels: 4,
  maps: [32, 48, 64, 64],
};
export const imuDefaults: TemporalOptions = { channels: 6, classes: 6, levels: 4, maps: [24, 32, 48] };

/** Rows that a convolution over time sees. */
const KERNEL = 5;

/**
 * Convolutions over time alone, 5x1, for images of [time, 1, channels], each with batch norm and neuron; mean over time,
 * linear head. With `audioDefaults` 47,786 parameters.
 */
export function temporalNet(o: TemporalOptions): NetNode[] {
  const b: Builder = { nodes: [], levels: o.levels };
  let [x, width] = ['input', o.channels];
  o.maps.forEach((out, i) => {
    if (i) x = neuron(b, x, `t${i}.2`);
    x = conv(b, x, layer(`t${i + 1}`), { in: width, out, kernel: KERNEL, stride: i ? 2 : 1 });
    overTime(b.nodes.at(-1) as NetConv);
    width = out;
  });
  head(b, x, { pool: 'pool', neuron: 'hs', linear: 'head' }, { channels: width, classes: o.classes });
  return b.nodes;
}

/** Makes a square convolution one over rows. */
function overTime(node: NetConv): void {
  node.kernel = [node.kernel[0], 1];
  node.stride = [node.stride[0], 1];
  node.padding = [node.padding[0], 0];
  node.weightShape = [node.out, node.in / node.groups, ...node.kernel];
}
