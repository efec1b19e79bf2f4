import type { Net } from '../models/net.js';
import { netRunner } from '../models/run.js';

/** Mean and standard deviation of each channel. */
export type Moments = { mean: Float64Array; deviation: Float64Array };

/** What the float network does on the calibration images: moments of every conv's output, largest |value| of every node. */
export type FloatStatistics = { moments: Map<string, Moments>; largest: Map<string, number> };

/** Collects means and deviations per channel, value by value. */
export class MomentSums {
  private readonly sum: Float64Array;
  private readonly squares: Float64Array;
  private count = 0;
  constructor(private readonly channels: number) {
    this.sum = new Float64Array(channels);
    this.squares = new Float64Array(channels);
  }
  /** Adds values laid out [position][channel], times `unit`. */
  add(values: ArrayLike<number>, unit = 1): void {
    for (let i = 0; i < values.length; i++) {
      const c = i % this.channels;
      const v = values[i]! * unit;
      this.sum[c] = this.sum[c]! + v;
      this.squares[c] = this.squares[c]! + v * v;
    }
    this.count += values.length / this.channels;
  }
  moments(): Moments {
    const mean = this.sum.map((s) => s / this.count);
    const deviation = this.squares.map((s, c) => Math.sqrt(Math.max(0, s / this.count - mean[c]! ** 2)));
    return { mean, deviation };
  }
}

/** Runs the float network over the images, normalised [row][column][channel]. */
export function floatStatistics(net: Net, images: Float32Array[]): FloatStatistics {
  const run = netRunner(net);
  const sums = new Map<string, MomentSums>();
  const largest = new Map<string, number>();
  for (const image of images)
    run(image, (node, { data, unit, shape }) => {
      if (node.op === 'neuron') return;
      let most = largest.get(node.name) ?? 0;
      for (let i = 0; i < data.length; i++) most = Math.max(most, Math.abs(data[i]! * unit));
      largest.set(node.name, most);
      if (node.op !== 'conv') return;
      if (!sums.has(node.name)) sums.set(node.name, new MomentSums(shape[2]));
      sums.get(node.name)!.add(data, unit);
    });
  return { largest, moments: new Map([...sums].map(([name, sum]) => [name, sum.moments()])) };
}
