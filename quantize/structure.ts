import { SpikeletError, unknownOp } from '../models/error.js';
import {
  inputsOf,
  type Net,
  type NetAdd,
  type NetAttend,
  type NetConv,
  type NetNeuron,
  type NetPool,
} from '../models/net.js';

/** One node of the Graph to be, as the nodes of the Net that it swallows. Its output is named after the last of them. */
export type Fused =
  | { op: 'fire'; neuron: NetNeuron; input: string }
  | { op: 'attend'; attend: NetAttend; neuron: NetNeuron }
  | { op: 'pool'; pool: NetPool }
  | { op: 'accumulate'; conv: NetConv; end: FusedEnd };

export type FusedEnd =
  | { kind: 'fire'; neuron: NetNeuron }
  | { kind: 'charge'; add?: { node: NetAdd; residual: string } }
  | { kind: 'readout' };

/** Names of the values that a node of the Graph will read. */
export function readsOf(item: Fused): string[] {
  switch (item.op) {
    case 'fire':
      return [item.input];
    case 'attend':
      return item.attend.inputs;
    case 'pool':
      return [item.pool.input];
    case 'accumulate': {
      const { conv, end } = item;
      return end.kind === 'charge' && end.add ? [conv.input, end.add.residual] : [conv.input];
    }
  }
}

/**
 * Finds in a Net the nodes of an integer Graph: a conv whose only reader is a neuron fires, one that is added to a
 * stream charges it, the last reads out. Refuses what spikes cannot carry, naming the node.
 */
export function fuse(net: Net): Fused[] {
  const readers = new Map<string, string[]>();
  for (const node of net.nodes)
    for (const name of inputsOf(node)) readers.set(name, [...(readers.get(name) ?? []), node.name]);
  const byName = new Map(net.nodes.map((node) => [node.name, node]));
  const onlyReader = (name: string) => {
    const all = readers.get(name) ?? [];
    return all.length === 1 ? byName.get(all[0]!) : undefined;
  };
  const position = new Map(net.nodes.map((node, i) => [node.name, i]));
  const refuse = (name: string, why: string): never => {
    throw new SpikeletError(`net '${net.name}', '${name}': ${why}`, {
      hint: 'an integer graph carries spikes between layers: put a neuron before every conv but the first',
    });
  };
  const kinds = new Map<string, 'image' | 'spikes' | 'membrane' | 'current'>([['input', 'image']]);
  const fused: Fused[] = [];
  const swallowed = new Set<string>();
  for (const node of net.nodes) {
    const kind = (name: string) => kinds.get(name)!;
    if (swallowed.has(node.name)) continue;
    switch (node.op) {
      case 'conv': {
        if (kind(node.input) === 'membrane') refuse(node.name, `reads the real-valued '${node.input}'`);
        const reader = onlyReader(node.name);
        if (node === net.nodes.at(-1)) {
          fused.push({ op: 'accumulate', conv: node, end: { kind: 'readout' } });
        } else if (reader?.op === 'neuron') {
          fused.push({ op: 'accumulate', conv: node, end: { kind: 'fire', neuron: reader } });
          swallowed.add(reader.name);
          kinds.set(reader.name, 'spikes');
        } else if (reader?.op === 'add') {
          const residual = reader.inputs.find((name) => name !== node.name);
          const isReady = residual !== undefined && position.get(residual)! < position.get(node.name)!;
          if (isReady && kind(residual) === 'membrane') {
            fused.push({
              op: 'accumulate',
              conv: node,
              end: { kind: 'charge', add: { node: reader, residual } },
            });
            swallowed.add(reader.name);
            kinds.set(reader.name, 'membrane');
          } else {
            fused.push({ op: 'accumulate', conv: node, end: { kind: 'charge' } });
            kinds.set(node.name, 'membrane');
          }
        } else {
          fused.push({ op: 'accumulate', conv: node, end: { kind: 'charge' } });
          kinds.set(node.name, 'membrane');
        }
        break;
      }
      case 'neuron':
        if (kind(node.input) !== 'membrane')
          refuse(node.name, `fires on ${kind(node.input)} '${node.input}'`);
        fused.push({ op: 'fire', neuron: node, input: node.input });
        kinds.set(node.name, 'spikes');
        break;
      case 'attend': {
        for (const name of node.inputs)
          if (kind(name) !== 'spikes') refuse(node.name, `reads '${name}', which are no spikes`);
        const reader = onlyReader(node.name);
        if (reader?.op !== 'neuron') return refuse(node.name, 'its result must be read by one neuron');
        fused.push({ op: 'attend', attend: node, neuron: reader });
        swallowed.add(reader.name);
        kinds.set(reader.name, 'spikes');
        break;
      }
      case 'pool':
        fused.push({ op: 'pool', pool: node });
        kinds.set(node.name, 'membrane');
        break;
      case 'add':
        return refuse(node.name, 'adds two streams, neither of which is the result of a conv alone');
      default:
        return unknownOp(node, 'quantization');
    }
  }
  return fused;
}
