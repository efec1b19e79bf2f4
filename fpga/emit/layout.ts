import { definition, type Graph, type GraphNode, outputOf } from '../../models/graph.js';
import { product } from '../../models/tensor.js';

/** Address of each tensor in the map memory, in words. Space that is no longer read is reused. */
export type Layout = { address: Map<string, number>; words: number };

/** The name of a node's temporary: map memory that it needs while it runs, in addition to its tensors. */
export const temporaryOf = ({ name, op }: GraphNode): string => `${name}, temporary of ${op}`;

/** Words and largest value of each temporary, by that name. */
export type Temporaries = Map<string, { words: number; hi: number }>;

type Life = { name: string; words: number; from: number; to: number };

/** First fit in order of creation. The input stays at 0, where a frame is received if it is `stored`. */
export function layOut(graph: Graph, stored: boolean, temporaries: Temporaries): Layout {
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
    const words = temporaries.get(temporaryOf(node))?.words;
    if (words) lives.push({ name: temporaryOf(node), words, from: at, to: at });
    if (node.output === outputOf(graph)) return;
    const output = product(graph.tensors[node.output]!.shape);
    lives.push({ name: node.output, words: output, from: at, to: lastRead(graph, node.output) });
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
