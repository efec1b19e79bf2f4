import { definition, type Graph, outputOf } from '../../models/graph.js';
import type { Attend } from '../../models/ops/attend.js';
import { product } from '../../models/tensor.js';

/** Where each tensor lies in the memory of maps, in words; a tensor takes the place of those that nobody reads again. */
export type Layout = { address: Map<string, number>; words: number };

/** Name under which the k^T v of an attention lies. */
export const productOf = (node: Attend): string => `${node.name} k^T v`;

export const productWords = (node: Attend, graph: Graph): number =>
  (graph.tensors[node.inputs[0]]!.shape[2] * graph.tensors[node.inputs[2]]!.shape[2]) / node.heads;

type Life = { name: string; words: number; from: number; to: number };

/** First fit in the order of birth. The input stays at 0, where a frame is received if it is `stored`. */
export function layOut(graph: Graph, stored: boolean): Layout {
  const lives: Life[] = stored
    ? [
        {
          name: 'input',
          words: product(graph.tensors['input']!.shape),
          from: -1,
          to: lastRead(graph, 'input'),
        },
      ]
    : [];
  graph.nodes.forEach((node, at) => {
    if (node.op === 'attend')
      lives.push({ name: productOf(node), words: productWords(node, graph), from: at, to: at });
    if (node.output === outputOf(graph)) return;
    const words = product(graph.tensors[node.output]!.shape);
    lives.push({ name: node.output, words, from: at, to: lastRead(graph, node.output) });
  });
  const address = new Map<string, number>();
  const placed: Life[] = [];
  let words = 1;
  for (const life of lives) {
    const beside = placed
      .filter(({ from, to }) => from <= life.to && to >= life.from)
      .map((other) => ({ at: address.get(other.name)!, end: address.get(other.name)! + other.words }))
      .sort((a, b) => a.at - b.at);
    let at = 0;
    for (const other of beside) if (at + life.words > other.at) at = Math.max(at, other.end);
    address.set(life.name, at);
    placed.push(life);
    words = Math.max(words, at + life.words);
  }
  return { address, words };
}

const lastRead = (graph: Graph, name: string): number =>
  graph.nodes.findLastIndex((node) => definition(node).inputs(node).includes(name));
