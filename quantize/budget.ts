import { requireAffordable, requireBytes, type Use } from '../models/budget.js';
import { inputsOf, isConv, type Net, netDefinition, netMacs, netShapes, paramBytes } from '../models/net.js';
import { product } from '../models/tensor.js';
import type { Rounding } from './work.js';

/**
 * Throws a SpikeletError, before any work is done, if the integer values of all calibration images, or GPTQ's
 * second moments of a layer, would take more memory than the Net's weights justify.
 */
export function requireQuantizable(net: Net, images: number, rounding: Rounding): void {
  const shapes = netShapes(net);
  const weightBytes = paramBytes(net);
  // Counts are u8, a stream i16.
  const uses = net.nodes.map((node): Use => {
    const bytes = Math.min(2, netDefinition(node).valueBytes ?? 2) * product(shapes.get(node.name)!);
    return { output: node.name, inputs: inputsOf(node), bytes, working: 0 };
  });
  requireAffordable(`calibrating net '${net.name}'`, uses, {
    input: product(net.input.shape),
    weightBytes,
    macs: net.nodes.reduce((sum, node) => sum + netMacs(node, shapes), 0),
    copies: images,
  });
  if (rounding !== 'gptq') return;
  for (const node of net.nodes) {
    if (!isConv(node)) continue;
    const size = (node.in / node.groups) * product(node.kernel);
    requireBytes(`GPTQ of '${node.name}'`, 16 * node.groups * size ** 2, {
      weightBytes,
      hint: "'spikelet quantize --rounding nearest' needs no second moments",
    });
  }
}
