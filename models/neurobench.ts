import { fired, type Graph } from './graph.js';
import { type Accumulate, isAccumulate } from './ops/accumulate.js';
import type { Values } from './ops/op.js';
import { product } from './tensor.js';

/**
 * The metrics of NeuroBench (arXiv 2304.04640, its code of version 2.3), by its names and definitions, on a
 * Graph's integers. Layers are convolutions and dense layers. An operation is one weight that is not zero at
 * one input that is not zero; padding is not counted, nor is a bias. If all inputs of a layer are -1, 0 or 1
 * on a sample, its operations there are Effective_ACs, else Effective_MACs: counts above 1 are multiplied.
 * Dense counts every weight at every input. The products within attention are not part of a layer and are not
 * counted.
 */
export type NeuroBench = {
  ConnectionSparsity: number;
  ActivationSparsity: number;
  /** Means of one sample. */
  SynapticOperations: { Effective_MACs: number; Effective_ACs: number; Dense: number };
};

/** Counts what samples do; `add` is called with every tensor of a sample, as `onTensor` of interpret(). */
export function neuroBench(graph: Graph): {
  add: (name: string, values: Values) => void;
  result: (samples: number) => NeuroBench;
} {
  const layers = graph.nodes.filter(isAccumulate);
  const neurons = new Set(fired(graph));
  const readers = new Map<string, ReturnType<typeof layerCounter>[]>();
  for (const node of layers)
    readers.set(node.input, [...(readers.get(node.input) ?? []), layerCounter(node, graph)]);
  const total = { Effective_MACs: 0, Effective_ACs: 0, Dense: 0 };
  let [silent, outputs] = [0, 0];
  return {
    add(name, values) {
      if (neurons.has(name)) {
        outputs += values.length;
        for (const value of values) if (value === 0) silent++;
      }
      const kind = values.every((value) => value >= -1 && value <= 1) ? 'Effective_ACs' : 'Effective_MACs';
      for (const count of readers.get(name) ?? []) {
        const { effective, dense } = count(values);
        total[kind] += effective;
        total.Dense += dense;
      }
    },
    result(samples) {
      const weights = layers.map((node) => graph.data.get(node.weights)!);
      const count = weights.reduce((sum, { length }) => sum + length, 0);
      const zeros = weights.reduce((sum, w) => sum + w.filter((value) => value === 0).length, 0);
      const mean = (sum: number) => sum / samples;
      return {
        ConnectionSparsity: zeros / count,
        ActivationSparsity: outputs ? silent / outputs : 0,
        SynapticOperations: {
          Effective_MACs: mean(total.Effective_MACs),
          Effective_ACs: mean(total.Effective_ACs),
          Dense: mean(total.Dense),
        },
      };
    },
  };
}

/** Operations of one layer on one input map. */
function layerCounter(node: Accumulate, graph: Graph) {
  const [height, width, channels] = graph.tensors[node.input]!.shape;
  const [rows, columns] = graph.tensors[node.output]!.shape;
  const [kernelRows, kernelColumns] = node.kernel;
  const inputs = channels / node.groups;
  const outputs = node.out / node.groups;
  const taps = product(node.kernel);
  /** [tap][input channel]: weights that are not zero. */
  const connected = new Int32Array(taps * channels);
  const weights = graph.data.get(node.weights)!;
  let at = 0;
  for (let o = 0; o < node.out; o++)
    for (let tap = 0; tap < taps; tap++)
      for (let ci = 0; ci < inputs; ci++)
        if (weights[at++] !== 0) connected[tap * channels + Math.floor(o / outputs) * inputs + ci]!++;
  return (x: Values): { effective: number; dense: number } => {
    let [effective, positions] = [0, 0];
    for (let r = 0; r < rows; r++)
      for (let c = 0; c < columns; c++)
        for (let i = 0; i < kernelRows; i++) {
          const row = r * node.stride[0] - node.padding[0] + i;
          if (row < 0 || row >= height) continue;
          for (let j = 0; j < kernelColumns; j++) {
            const column = c * node.stride[1] - node.padding[1] + j;
            if (column < 0 || column >= width) continue;
            positions++;
            const [from, tap] = [(row * width + column) * channels, (i * kernelColumns + j) * channels];
            for (let ch = 0; ch < channels; ch++) if (x[from + ch] !== 0) effective += connected[tap + ch]!;
          }
        }
    return { effective, dense: positions * channels * outputs };
  };
}
