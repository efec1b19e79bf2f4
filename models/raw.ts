import { type Raw, runFrontEnd } from './frontends/index.js';
import type { Graph } from './graph.js';
import { interpret, pixelTable, rawToPixels } from './interpret.js';

/**
 * What the network sees of a raw signal: the images that its front end gives (all windows of a long
 * recording), each value by the pixel table. A Graph without a front end takes a photo of u8 as it is.
 */
export function pixelsOfRaw(graph: Graph, raw: Raw): Int8Array[] {
  const { shape } = graph.tensors['input']!;
  const frontEnd = graph.frontEnd ?? { kind: 'pixels' as const, parameters: { shape }, tables: {} };
  const table = pixelTable(graph);
  return runFrontEnd(frontEnd, raw).map((image) => rawToPixels(table, image));
}

/**
 * From the raw signal to logits, one array for each image of it: the definition of right for every backend.
 */
export const interpretRaw = (graph: Graph, raw: Raw): Int32Array[] =>
  pixelsOfRaw(graph, raw).map((pixels) => interpret(graph, pixels));
