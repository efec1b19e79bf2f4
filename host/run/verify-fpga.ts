import { crcOf, fired as firedIn, type Graph, tensorNames } from '../../models/index.js';
import { perLayer } from '../device/fpga-link.js';
import type { FpgaSession } from '../device/fpga-session.js';
import { comparison, type Verification, type VerifyOptions } from './verify.js';

/**
 * Runs images on an FPGA board and compares them with the interpreter: the logits and, if the design counts
 * them, the spikes that each layer fired. Only simulation (`verifyVerilog`) compares every tensor's values.
 */
export async function verifyFpga(
  graph: Graph,
  { link, layersCounted }: FpgaSession,
  images: Iterable<Int8Array>,
  options: VerifyOptions = {},
): Promise<Verification<'verilog'>> {
  const names = tensorNames(graph);
  const counted = new Set(layersCounted ? firedIn(graph) : []);
  const check = comparison(graph, 'verilog', {
    ...options,
    digest: (tensor, values) => {
      const { kind } = graph.tensors[tensor]!;
      return counted.has(tensor) ? fired(sumOf(values)) : kind === 'logits' ? crcOf(values) : undefined;
    },
  });
  for (const pixels of images) {
    const logits = await link.infer(pixels);
    const crcs = new Map<string, number | string>(
      perLayer(layersCounted ? await link.layers() : []).map(({ spikes }, i) => [names[i]!, fired(spikes)]),
    );
    check.add(pixels, { logits, crcs: crcs.set(names.at(-1)!, crcOf(logits)) });
  }
  return check.result();
}

const fired = (spikes: number): string => `${spikes} spikes`;

const sumOf = (values: Iterable<number>): number => {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
};
