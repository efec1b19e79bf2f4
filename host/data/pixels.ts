import { type Dataset, rawImage } from '../../models/dataset.js';
import type { Graph } from '../../models/graph.js';
import { pixelTable, rawToPixels } from '../../models/interpret.js';

/** The first `count` test images as a graph's pixels, i8 [row][column][channel], one at a time. */
export function* testPixels(
  graph: Graph,
  { test, shape }: Pick<Dataset, 'test' | 'shape'>,
  count: number,
): Generator<Int8Array> {
  const table = pixelTable(graph);
  for (let i = 0; i < count; i++) yield rawToPixels(table, rawImage(test, shape, i));
}
