import { lastReads, requireAffordable, type Use } from './budget.js';
import { SpikeletError } from './error.js';
import { inputsOf, type Net, type NetNode, netDefinition, netMacs, netShapes, paramBytes } from './net.js';
import type { NetValue, NodeRunner } from './net-ops/op.js';
import { product, type Shape } from './tensor.js';

export { affineOf, transposeWeights } from './net-ops/conv.js';
export { roundHalfEven, spikeCount } from './net-ops/neuron.js';
export type { NetValue, NodeRunner } from './net-ops/op.js';

/**
 * Prepares a float run of a Net for images of one shape. The result runs one normalised image,
 * [row][column][channel], and returns the logits; `onNode` is called with every node's value as it is
 * computed (valid only during the call). Sums are float64, so the result does not depend on their order; zero
 * inputs are skipped, so spikes make it fast.
 */
export function netRunner(
  net: Net,
  shape: Shape = net.input.shape,
): (
  image: Float32Array,
  onNode?: (node: NetNode, value: NetValue, inputs: NetValue[]) => void,
) => Float64Array {
  const shapes = netShapes(net, shape);
  requireRunnable(net, shape);
  const memory = sharedMemory(usesOf(net, shapes));
  const runners = net.nodes.map((node, i) => nodeRunner(net, node, shapes, memory[i]));
  return (image, onNode) => {
    if (image.length !== product(shape))
      throw new SpikeletError(
        `net '${net.name}' takes ${shape.join(' x ')} = ${product(shape)} values, not ${image.length}`,
      );
    const values = new Map<string, NetValue>([['input', { shape, data: image, unit: 1 }]]);
    net.nodes.forEach((node, i) => {
      const inputs = inputsOf(node).map((name) => values.get(name)!);
      const value = runners[i]!(inputs);
      values.set(node.name, value);
      onNode?.(node, value, inputs);
    });
    return Float64Array.from(values.get(net.nodes.at(-1)!.name)!.data);
  };
}

/** Bytes that the value of a node takes. */
const valueBytes = (node: NetNode, shape: Shape): number =>
  (netDefinition(node).valueBytes ?? 8) * product(shape);

function usesOf(net: Net, shapes: Map<string, Shape>): Use[] {
  return net.nodes.map((node) => ({
    output: node.name,
    inputs: inputsOf(node),
    bytes: valueBytes(node, shapes.get(node.name)!),
    working: netDefinition(node).working?.(node, shapes) ?? 0,
  }));
}

/** Throws a SpikeletError if running the Net would take more memory or time than its weights justify. */
export function requireRunnable(net: Net, shape: Shape = net.input.shape): void {
  const shapes = netShapes(net, shape);
  requireAffordable(`net '${net.name}'`, usesOf(net, shapes), {
    input: 4 * product(shape),
    weightBytes: paramBytes(net),
    macs: net.nodes.reduce((sum, node) => sum + netMacs(node, shapes), 0),
  });
}

/** Memory for each node's value, shared by values that are never alive together. */
function sharedMemory(uses: Use[]): ArrayBuffer[] {
  const sizes: number[] = [];
  const free: number[] = [];
  const slots = new Map<string, number>();
  lastReads(uses).forEach((freed, i) => {
    const { output, bytes } = uses[i]!;
    // The smallest that is large enough, else the largest, which grows.
    free.sort((a, b) => sizes[a]! - sizes[b]!);
    const enough = free.findIndex((slot) => sizes[slot]! >= bytes);
    const [slot = sizes.length] = free.splice(enough, 1);
    sizes[slot] = Math.max(sizes[slot] ?? 0, bytes);
    slots.set(output, slot);
    for (const name of freed) if (slots.has(name)) free.push(slots.get(name)!);
  });
  const memory = sizes.map((bytes) => new ArrayBuffer(bytes));
  return uses.map(({ output }) => memory[slots.get(output)!]!);
}

/**
 * Prepares one node; `shapes` are those of every value (netShapes). Its value is in `memory`: by default new,
 * else with at least the bytes of the value.
 */
export function nodeRunner(
  net: Net,
  node: NetNode,
  shapes: Map<string, Shape>,
  memory = new ArrayBuffer(valueBytes(node, shapes.get(node.name)!)),
): NodeRunner {
  return netDefinition(node).run(node, net, shapes.get(node.name)!, memory);
}
