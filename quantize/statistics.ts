import { isConv, isNeuron, type Net } from '../models/net.js';
import { netRunner } from '../models/run.js';

/** Mean and mean square of each channel over one image. */
export type Moments = { mean: Float64Array; square: Float64Array };

/**
 * What the float network does on the calibration images: moments of every conv's output, image by image, and
 * the largest |value| of every node.
 */
export type FloatStatistics = { moments: Map<string, Moments[]>; largest: Map<string, number> };

/** Moments of values laid out [position][channel], times `unit`. */
export function momentsOf(values: ArrayLike<number>, channels: number, unit = 1): Moments {
  const mean = new Float64Array(channels);
  const square = new Float64Array(channels);
  for (let at = 0; at < values.length; at += channels)
    for (let c = 0; c < channels; c++) {
      const v = values[at + c]! * unit;
      mean[c] = mean[c]! + v;
      square[c] = square[c]! + v * v;
    }
  const positions = values.length / channels;
  return { mean: mean.map((s) => s / positions), square: square.map((s) => s / positions) };
}

/** Runs the float network over the images, normalised [row][column][channel]. */
export function floatStatistics(
  net: Net,
  images: Float32Array[],
  onImage?: (done: number, images: number) => void,
): FloatStatistics {
  const run = netRunner(net);
  const moments = new Map<string, Moments[]>();
  const largest = new Map<string, number>();
  images.forEach((image, i) => {
    onImage?.(i, images.length);
    run(image, (node, { data, unit, shape }) => {
      if (isNeuron(node)) return;
      let most = largest.get(node.name) ?? 0;
      for (let i = 0; i < data.length; i++) most = Math.max(most, Math.abs(data[i]! * unit));
      largest.set(node.name, most);
      if (!isConv(node)) return;
      if (!moments.has(node.name)) moments.set(node.name, []);
      moments.get(node.name)!.push(momentsOf(data, shape[2], unit));
    });
  });
  return { largest, moments };
}
