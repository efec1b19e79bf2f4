import type { Dataset, Graph } from '../../models/index.js';
import { requireFits } from '../data/fits.js';
import { type Looks, loadDataset } from '../data/index.js';
import { graphInput } from '../data/input.js';
import { testPixels } from '../data/pixels.js';

/**
 * Images for a Graph: a dataset, whose first test images are taken, or pixels, i8 [row][column][channel]
 * each.
 */
export type Images = Dataset | Iterable<Int8Array>;

/** What is made of images: pixels for the Graph, and labels where there are some. */
export type GraphImages = { pixels: Iterable<Int8Array>; labels?: Dataset['test']['labels'] };

export const isDataset = (images: object): images is Dataset => 'test' in images && 'train' in images;

/**
 * The first `count` images as a graph's pixels. Throws a SpikeletError (code 2) where a dataset is not of the
 * graph's shape.
 */
export function imagesFor(graph: Graph, images: Images, count: number): GraphImages {
  if (!isDataset(images)) return { pixels: firstOf(images, count) };
  const { shape } = graph.tensors['input']!;
  requireFits(`graph '${graph.name}'`, { shape, classes: graph.classes }, images);
  const { test, unlabelled } = images;
  return {
    pixels: testPixels(graph, images, Math.min(count, test.count)),
    ...(unlabelled ? {} : { labels: test.labels }),
  };
}

function* firstOf(images: Iterable<Int8Array>, count: number): Iterable<Int8Array> {
  if (count < 1) return;
  let left = count;
  for (const image of images) {
    yield image;
    if (--left === 0) return;
  }
}

/**
 * The dataset that `spec` names, for a graph that was read from `label`, and how many of `count` test images
 * it has. Throws where its images or classes are not the graph's.
 */
export async function datasetFor(
  label: string,
  graph: Graph,
  { spec, count }: { spec: string; count: number },
  log: (line: string) => void = () => undefined,
): Promise<{ data: Dataset; samples: number }> {
  const input = graphInput(graph);
  const fits = (data: Looks) => requireFits(label, input, data);
  const data = await loadDataset(spec, { log, input, limit: count, fits });
  return { data, samples: Math.min(count, data.test.count) };
}
