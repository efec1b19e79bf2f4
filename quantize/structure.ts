import { SpikeletError } from '../models/error.js';
import type { TensorKind } from '../models/graph.js';
import { inputsOf, type Net, type NetNode } from '../models/net.js';
import { entryOf } from '../models/table.js';
import type { Fuse, Fusing, Fusion } from './fusion.js';
import { fusers } from './ops.js';

/** Finds in a Net the nodes of an integer Graph. Refuses what spikes cannot carry, naming the node. */
export function fuse(net: Net): Fusion[] {
  const kinds = new Map<string, TensorKind>([['input', 'pixels']]);
  const fusing = fusingOf(net, kinds);
  const fused: Fusion[] = [];
  for (const node of net.nodes) {
    // It is fused into a node before it.
    if (kinds.has(node.name)) continue;
    const fusion = entryOf<Fuse<NetNode>>(fusers, node, 'quantization')(node, fusing);
    kinds.set(fusion.output, fusion.kind);
    fused.push(fusion);
  }
  return fused;
}

function fusingOf(net: Net, kinds: Map<string, TensorKind>): Fusing {
  const readers = new Map<string, NetNode[]>();
  for (const node of net.nodes)
    for (const name of inputsOf(node)) readers.set(name, [...(readers.get(name) ?? []), node]);
  const position = new Map(net.nodes.map((node, i) => [node.name, i]));
  return {
    kind: (name) => kinds.get(name)!,
    onlyReader(name) {
      const [reader, ...others] = readers.get(name) ?? [];
      return others.length ? undefined : reader;
    },
    isLast: (node) => node === net.nodes.at(-1),
    isBefore: (name, other) => position.get(name)! < position.get(other)!,
    refuse(name, why) {
      throw new SpikeletError(`net '${net.name}', '${name}': ${why}`, {
        hint: 'an integer graph carries spikes between layers: put a neuron before every conv but the first',
      });
    },
  };
}
