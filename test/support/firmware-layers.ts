import { crcOf, type Graph, hex32, interpret } from '../../models/index.js';

/** Words that firmware of the tests sends for an image: a CRC-32 for each layer, then the logits. */
export const wordsOf = (graph: Graph): number => graph.nodes.length + graph.classes.length;

/** The first of an image's words that is not the interpreter's, for people; undefined: all are equal. */
export function differenceOf(graph: Graph, pixels: Int8Array, words: Uint32Array): string | undefined {
  const expected = new Map<string, number>();
  const logits = interpret(graph, pixels, (tensor, values) => expected.set(tensor, crcOf(values)));
  for (const [i, { name, output }] of graph.nodes.entries())
    if (words[i] !== expected.get(output))
      return `${name}: ${hex32(words[i]!)}, not ${hex32(expected.get(output)!)}`;
  for (const [i, logit] of logits.entries())
    if ((words[graph.nodes.length + i]! | 0) !== logit) return `logit ${i}`;
  return undefined;
}
