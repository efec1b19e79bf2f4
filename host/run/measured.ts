import { drivingInputs, type Graph, operationsOf, product, tensorNames } from '../../models/index.js';
import type { LayerProfile, Profile } from './profile.js';

/** Sums over `samples` images, per tensor: the number of spikes, and of nonzero values. */
export type Measured = { samples: number; tensors: Map<string, { spikes: number; active: number }> };

export const noneMeasured = (graph: Graph): Measured => ({
  samples: 0,
  tensors: new Map(tensorNames(graph).map((name) => [name, { spikes: 0, active: 0 }])),
});

/** The graph with measured activity instead of the calibration's. */
export function withActivity(graph: Graph, { samples, tensors }: Measured): Graph {
  const measured = Object.entries(graph.tensors).map(([name, tensor]) => {
    const { spikes, active } = tensors.get(name)!;
    const values = samples * product(tensor.shape);
    // No operation count depends on the mean magnitude of pixels.
    const rate = (tensor.kind === 'spikes' ? spikes : active) / values;
    return [name, { ...tensor, activity: { rate, density: active / values } }] as const;
  });
  return { ...graph, tensors: Object.fromEntries(measured) };
}

/**
 * Input spikes and operations of every layer of a graph withActivity(), means per image. `weightBytes`: one
 * per layer.
 */
export function layerWork(graph: Graph, weightBytes: (number | null)[]): Omit<LayerProfile, 'cost'>[] {
  return graph.nodes.map((node, i) => {
    const inputs = drivingInputs(node).map((name) => graph.tensors[name]!);
    const values = inputs.reduce((sum, { shape }) => sum + product(shape), 0);
    const all = (key: 'rate' | 'density') =>
      inputs.reduce((sum, { shape, activity }) => sum + product(shape) * activity![key], 0);
    const { effectiveAcs, effectiveMacs } = operationsOf(node, graph)!;
    return {
      layer: node.name,
      op: node.op,
      spikesIn: inputs.every(({ kind }) => kind === 'spikes') ? all('rate') : null,
      density: all('density') / values,
      sops: effectiveAcs,
      macs: effectiveMacs,
      weightBytes: weightBytes[i]!,
    };
  });
}

/** Operations of all layers together, and the bytes of weights of those layers that report them. */
export function totalWork(
  layers: Omit<LayerProfile, 'cost'>[],
): Pick<Profile['total'], 'sops' | 'macs' | 'weightBytes'> {
  const sum = (key: 'sops' | 'macs' | 'weightBytes') =>
    layers.reduce((total, layer) => total + (layer[key] ?? 0), 0);
  return { sops: sum('sops'), macs: sum('macs'), weightBytes: sum('weightBytes') };
}
