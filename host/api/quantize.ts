import { type Dataset, normalise, rawImage, type Split } from '../../models/dataset.js';
import type { Graph } from '../../models/graph.js';
import type { Net } from '../../models/net.js';
import { type QuantizeOptions as GraphOptions, quantize as toGraph } from '../../quantize/index.js';
import { requireFits } from '../data/fits.js';
import { type CompareOptions, type Comparison, compare as compareImages } from '../report/compare.js';
import { isDataset } from './images.js';

/** Images that a Net takes: a dataset, or normalised values, f32 [row][column][channel] each. */
export type NetImages = Dataset | Iterable<Float32Array>;

export type QuantizeOptions = Partial<GraphOptions> & {
  /** Training images to calibrate on, of a dataset; default 256. */
  calibrate?: number;
};

/**
 * Turns a Net into an integer Graph, every range of which is proven. Batch norms are folded into the weights, and neurons
 * become thresholds.
 * @param images A dataset, whose first training images calibrate, or normalised images.
 * @param options `bits` of a weight (default 8), `correction` (default `statistics`), `rounding`.
 * @throws SpikeletError where the images are not the net's, or the Net cannot be quantized.
 */
export function quantize(net: Net, images: NetImages, options: QuantizeOptions = {}): Graph {
  const { calibrate = 256, bits = 8, ...rest } = options;
  return toGraph(net, [...netImages(net, images, 'train', calibrate)], { bits, ...rest });
}

/**
 * Runs a Net and its Graph side by side: spike counts layer by layer, logits, and accuracy where there are labels.
 * @param images A dataset, whose first `options.count` test images are run (default 1000), or normalised images.
 */
export function compare(
  net: Net,
  graph: Graph,
  images: NetImages,
  { count = 1000, ...options }: CompareOptions & { count?: number } = {},
): Comparison {
  const labels = isDataset(images) && !images.unlabelled ? { labels: images.test.labels } : {};
  return compareImages(net, graph, netImages(net, images, 'test', count), { ...labels, ...options });
}

function netImages(
  net: Net,
  images: NetImages,
  split: 'train' | 'test',
  count: number,
): Iterable<Float32Array> {
  if (!isDataset(images)) return images;
  requireFits(`net '${net.name}'`, { shape: net.input.shape, classes: net.classes }, images);
  return eachImage(net, images[split], Math.min(count, images[split].count));
}

function* eachImage(net: Net, split: Split, count: number): Iterable<Float32Array> {
  for (let i = 0; i < count; i++) yield normalise(rawImage(split, net.input.shape, i), net.input);
}
