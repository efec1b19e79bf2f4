import { argmax, crcOf, type Graph, hex32, interpret } from '../../models/index.js';
import type { Difference, Verification, VerifyOptions } from '../verify.js';
import type { FpgaSession } from './session.js';

/** What a board counted, means of a frame. Layers: cycles since the layer before was done, and spikes fired. */
export type FpgaProfile = {
  frames: number;
  /** From the frame's first value to its last logit. */
  cycles: number;
  spikes: number;
  /** Cycles in which a value of the frame waited for the core. */
  stalls: number;
  layers: { tensor: string; cycles: number; spikes: number }[];
};

/** Runs frames on a board and adds up its counters. */
export async function profileFpga(
  graph: Graph,
  { link }: FpgaSession,
  images: Iterable<Int8Array>,
  onProgress?: (done: number) => void,
): Promise<FpgaProfile> {
  const sums = { frames: 0, cycles: 0, spikes: 0, stalls: 0 };
  const layers = tensorsOf(graph).map((tensor) => ({ tensor, cycles: 0, spikes: 0 }));
  for (const pixels of images) {
    await link.infer(pixels);
    const { cycles, spikes, stalls } = await link.counters();
    sums.cycles += cycles;
    sums.spikes += spikes;
    sums.stalls += stalls;
    perLayer(await link.layers()).forEach((layer, i) => {
      layers[i]!.cycles += layer.cycles;
      layers[i]!.spikes += layer.spikes;
    });
    onProgress?.(++sums.frames);
  }
  const mean = (sum: number) => sum / Math.max(1, sums.frames);
  return {
    frames: sums.frames,
    cycles: mean(sums.cycles),
    spikes: mean(sums.spikes),
    stalls: mean(sums.stalls),
    layers: layers.map(({ tensor, cycles, spikes }) => ({
      tensor,
      cycles: mean(cycles),
      spikes: mean(spikes),
    })),
  };
}

/**
 * Runs images on a board against the interpreter: its logits, and the spikes of every layer. The first difference names
 * the tensor; spikes are counts, logits CRC-32.
 */
export async function verifyFpga(
  graph: Graph,
  { link }: FpgaSession,
  images: Iterable<Int8Array>,
  { labels, onProgress }: VerifyOptions = {},
): Promise<Verification<'verilog'>> {
  const tensors = tensorsOf(graph);
  const result: Verification<'verilog'> = { samples: 0, equal: 0, firstDifference: null, accuracy: null };
  const correct = { graph: 0, verilog: 0 };
  for (const pixels of images) {
    const sample = result.samples++;
    const fired = new Map<string, number>();
    const logits = interpret(graph, pixels, (tensor, values) => {
      if (graph.tensors[tensor]!.kind === 'spikes') fired.set(tensor, sumOf(values));
    });
    const found = await link.infer(pixels);
    const counted = perLayer(await link.layers());
    const wrong = tensors.findIndex((tensor, i) => (fired.get(tensor) ?? 0) !== counted[i]!.spikes);
    const difference: Difference | undefined =
      wrong >= 0
        ? {
            sample,
            tensor: tensors[wrong]!,
            expected: `${fired.get(tensors[wrong]!) ?? 0} spikes`,
            actual: `${counted[wrong]!.spikes} spikes`,
          }
        : crcOf(found) !== crcOf(logits)
          ? { sample, tensor: tensors.at(-1)!, expected: hex32(crcOf(logits)), actual: hex32(crcOf(found)) }
          : undefined;
    if (difference) result.firstDifference ??= difference;
    else result.equal++;
    if (argmax(logits) === labels?.[sample]) correct.graph++;
    if (argmax(found) === labels?.[sample]) correct.verilog++;
    onProgress?.(result.samples);
  }
  if (labels && result.samples)
    result.accuracy = {
      graph: correct.graph / result.samples,
      verilog: correct.verilog / result.samples,
    };
  return result;
}

const tensorsOf = (graph: Graph): string[] => ['input', ...graph.nodes.map((node) => node.output)];

const sumOf = (values: Iterable<number>): number => {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
};

/** What each layer added to the counters, which run through the frame. */
const perLayer = (running: { cycles: number; spikes: number }[]): { cycles: number; spikes: number }[] =>
  running.map(({ cycles, spikes }, i) => ({
    cycles: cycles - (running[i - 1]?.cycles ?? 0),
    spikes: spikes - (running[i - 1]?.spikes ?? 0),
  }));
