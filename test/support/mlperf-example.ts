import { interpret, pixelTable, product, prove, rawToPixels } from '../../models/index.js';
import { below, randomGraph, seeded } from './random-graph.js';

/** A small graph, one of those whose logits differ from image to image, and raw images for it. */
export const graph = randomGraph(seeded(163), 2);
// A unit of logits as a trained net has it: classes differ by some halvings, and sevenths of one.
graph.tensors[graph.nodes.at(-1)!.output]!.scale = Math.LN2 / 7;
prove(graph);

export const bytes = product(graph.tensors['input']!.shape);
const random = seeded(3);
export const images = Array.from({ length: 20 }, () =>
  Uint8Array.from({ length: bytes }, () => below(random, 256)),
);

export const pixelsOf = (raw: Uint8Array): Int8Array => rawToPixels(pixelTable(graph), raw);
export const logitsOf = (raw: Uint8Array): Int32Array => interpret(graph, pixelsOf(raw));
