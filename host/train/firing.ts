import { inputsOf, isNeuron, type Net, netMacs, netShapes } from '../../models/index.js';

/**
 * The cost of each neuron's spikes: the fraction of the network's MACs that its output enters; the fractions
 * sum to 1. The MACs of an `attend` are divided equally among q, k and v. Layers on real-valued images belong
 * to no neuron and are not counted.
 */
export function firingWeights(net: Net): Map<string, number> {
  const shapes = netShapes(net);
  const weights = new Map<string, number>();
  for (const node of net.nodes) if (isNeuron(node)) weights.set(node.name, 0);
  for (const node of net.nodes) {
    const inputs = inputsOf(node);
    for (const input of inputs)
      if (weights.has(input)) weights.set(input, weights.get(input)! + netMacs(node, shapes) / inputs.length);
  }
  const total = [...weights.values()].reduce((a, b) => a + b, 0);
  return new Map([...weights].map(([name, weight]) => [name, weight / total]));
}
