import type { Graph } from '../../models/graph.js';
import { type Looks, loadDataset } from '../data/index.js';
import { requireFits } from './fits.js';
import type { Io } from './io.js';

/**
 * The dataset of --data for a graph that was read from `path`, and how many of `count` test images it has. Throws where
 * its images or classes are not the graph's.
 */
export async function dataFor(
  path: string,
  graph: Graph,
  { spec, count }: { spec: string; count: number },
  io: Io,
) {
  const { shape } = graph.tensors['input']!;
  const input = { shape, classes: graph.classes, ...graph.input };
  const fits = (data: Looks) => requireFits(path, input, data);
  const data = await loadDataset(spec, { log: io.note, input, limit: count, fits });
  return { data, samples: Math.min(count, data.test.count) };
}
