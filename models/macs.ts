import { unknownOp } from './error.js';
import type { NetNode } from './net.js';
import { product, type Shape } from './tensor.js';

/** Multiply-accumulates of one node of a Net for one image, as a dense network would do them; shapes by netShapes. */
export function netMacs(node: NetNode, shapes: Map<string, Shape>): number {
  const values = product(shapes.get(node.name)!);
  switch (node.op) {
    case 'conv':
      return values * (node.in / node.groups) * product(node.kernel);
    case 'attend':
      return 2 * values * (shapes.get(node.inputs[0])![2] / node.heads);
    case 'neuron':
    case 'add':
    case 'pool':
      return 0;
    default:
      return unknownOp(node, 'the count of MACs');
  }
}
