import { argmax, crc32, crcOf, type Graph, hex32, interpret, SpikeletError } from '../models/index.js';
import type { WasmModel } from './wasm/load.js';

export type Verification = {
  samples: number;
  /** Samples of which every tensor is equal. */
  equal: number;
  firstDifference: Difference | null;
  /** Share of samples whose largest logit is their label's; null without labels. */
  accuracy: { graph: number; wasm: number } | null;
};

/** The first tensor, in order of execution, that differs in the first sample that does; CRC-32 in hex. */
export type Difference = { sample: number; tensor: string; expected: string; actual: string };

export type VerifyOptions = {
  labels?: ArrayLike<number>;
  onProgress?: (done: number) => void;
};

/**
 * Runs a compiled model against the reference interpreter and compares the CRC-32 of every tensor, the input's too.
 * `images` are i8 pixels. Throws a SpikeletError where the module was made from another graph.
 */
export function verifyWasm(
  graph: Graph,
  model: WasmModel,
  images: Iterable<Int8Array>,
  { labels, onProgress }: VerifyOptions = {},
): Verification {
  requireSameTensors(graph, model);
  const result: Verification = { samples: 0, equal: 0, firstDifference: null, accuracy: null };
  const correct = { graph: 0, wasm: 0 };
  for (const pixels of images) {
    const sample = result.samples++;
    const expected = new Map<string, number>();
    const logits = interpret(graph, pixels, (tensor, values) => expected.set(tensor, crcOf(values)));
    const actual = new Map<string, number>();
    const found = model.infer(pixels, (tensor, bytes) =>
      actual.set(tensor, crc32(bytes, actual.get(tensor))),
    );
    const different = [...expected].find(([tensor, crc]) => actual.get(tensor) !== crc);
    if (different) {
      const [tensor, crc] = different;
      result.firstDifference ??= {
        sample,
        tensor,
        expected: hex32(crc),
        actual: hex32(actual.get(tensor) ?? 0),
      };
    } else result.equal++;
    if (labels) {
      if (argmax(logits) === labels[sample]) correct.graph++;
      if (argmax(found) === labels[sample]) correct.wasm++;
    }
    onProgress?.(result.samples);
  }
  if (labels && result.samples)
    result.accuracy = { graph: correct.graph / result.samples, wasm: correct.wasm / result.samples };
  return result;
}

function requireSameTensors(graph: Graph, { description }: WasmModel): void {
  const wanted = ['input', ...graph.nodes.map((node) => node.output)].map((name) => {
    const { type, shape } = graph.tensors[name]!;
    return `${name} ${type} [${shape}]`;
  });
  const found = description.tensors.map(
    ([name, , type, shape]) => `${name} ${type === 'u4' ? 'u8' : type} [${shape}]`,
  );
  const at = wanted.findIndex((tensor, i) => tensor !== found[i]);
  if (at >= 0 || found.length !== wanted.length)
    throw new SpikeletError(
      `model '${description.name}' was not built from graph '${graph.name}': it has ${found[at] ?? `${found.length} tensors`} where the graph has ${wanted[at] ?? wanted.length}`,
      { hint: "build the graph again with 'spikelet build'" },
    );
}
