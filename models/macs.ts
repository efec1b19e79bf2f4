import type { NetNode } from './net.js';
import { product, type Shape } from './tensor.js';

/** Multiply-accumulates of one node of a Net for one image, as a dense network would do them; shapes by netShapes. */
export function netMacs(node: NetNode, shapes: Map<string, Shape>): number {
  if (node.op === 'conv')
    return product(shapes.get(node.name)!) * (node.in / node.groups) * product(node.kernel);
  if (node.op !== 'attend') return 0;
  const keys = shapes.get(node.inputs[0])![2];
  return 2 * product(shapes.get(node.name)!) * (keys / node.heads);
}
