import { lastReads, requireAffordable, type Use } from './budget.js';
import { normalise } from './dataset.js';
import { allocate, bytesPerValue, definition, type Graph, graphBytes, outputOf } from './graph.js';
import type { Values } from './ops/op.js';
import { product } from './tensor.js';

/** What each node of a Graph holds while it is interpreted: its output, and its sums in 32 bits. */
function usesOf(graph: Graph): Use[] {
  return graph.nodes.map((node) => {
    const { type, shape } = graph.tensors[node.output]!;
    const op = definition(node);
    const working = 4 * product(shape) + 2 * (op.kept?.(node, graph) ?? 0);
    return {
      output: node.output,
      inputs: op.inputs(node),
      bytes: bytesPerValue(type) * product(shape),
      working,
    };
  });
}

/** Throws a SpikeletError if interpreting would take more memory or time than the Graph's weights justify. */
export function requireInterpretable(graph: Graph, copies = 1): void {
  requireAffordable(`graph '${graph.name}'`, usesOf(graph), {
    input: product(graph.tensors['input']!.shape),
    weightBytes: graphBytes(graph),
    macs: graph.nodes.reduce((sum, node) => sum + definition(node).macs(node, graph), 0),
    copies,
  });
}

/**
 * The reference interpreter: runs a proven Graph on one image, node by node, and defines what is right for
 * every backend. `onTensor` is called with the input and every tensor as it is written; a tensor is dropped
 * after its last reader. Throws a SpikeletError if the maps alive at once would take more memory than
 * requireInterpretable() allows.
 */
export function interpret(
  graph: Graph,
  pixels: Int8Array,
  onTensor?: (name: string, values: Values) => void,
): Int32Array {
  requireInterpretable(graph);
  const input = allocate(graph.tensors['input']!);
  if (pixels.length !== input.length)
    throw new RangeError(`graph '${graph.name}' takes ${input.length} pixels, got ${pixels.length}`);
  input.set(pixels);
  const values = new Map<string, Values>([['input', input]]);
  onTensor?.('input', input);
  const freed = lastReads(usesOf(graph));
  for (const [i, node] of graph.nodes.entries()) {
    const op = definition(node);
    const output = allocate(graph.tensors[node.output]!);
    op.run(
      node,
      graph,
      op.inputs(node).map((name) => values.get(name)!),
      output,
    );
    values.set(node.output, output);
    onTensor?.(node.output, output);
    for (const name of freed[i]!) values.delete(name);
  }
  return values.get(outputOf(graph)) as Int32Array;
}

/** Index of the largest logit; the first one in a tie. */
export function argmax(logits: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < logits.length; i++) if (logits[i]! > logits[best]!) best = i;
  return best;
}

/**
 * What each raw u8 pixel becomes, [channel][256]: round(x / scale) of the normalised value, clipped to
 * -127..127. A table, so that a device needs no float to read a camera.
 */
export function pixelTable(graph: Graph): Int8Array {
  const channels = graph.tensors['input']!.shape[2];
  const raw = Uint8Array.from({ length: 256 * channels }, (_, i) => Math.floor(i / channels));
  const pixels = toPixels(graph, normalise(raw, graph.input));
  const table = new Int8Array(channels * 256);
  for (let c = 0; c < channels; c++)
    for (let v = 0; v < 256; v++) table[c * 256 + v] = pixels[v * channels + c]!;
  return table;
}

/** Raw u8 pixels, [row][column][channel], by the table. */
export function rawToPixels(table: Int8Array, raw: Uint8Array): Int8Array {
  const channels = table.length / 256;
  const pixels = new Int8Array(raw.length);
  for (let i = 0; i < raw.length; i++) pixels[i] = table[(i % channels) * 256 + raw[i]!]!;
  return pixels;
}

/** Normalised values as pixels: round(x / scale), clipped to -127..127. */
export function toPixels(graph: Graph, normalised: Float32Array): Int8Array {
  const { scale } = graph.tensors['input']!;
  return Int8Array.from(normalised, (x) => Math.min(127, Math.max(-127, Math.round(x / scale))));
}
