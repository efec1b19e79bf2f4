import type { Graph } from '../../models/index.js';
import { tensorNames } from '../verify.js';
import type { LayerCounters } from './fpga-link.js';
import type { FpgaSession } from './fpga-session.js';

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
  const layers = tensorNames(graph).map((tensor) => ({ tensor, cycles: 0, spikes: 0 }));
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

/** What each layer added to the counters, which run through the frame. */
export const perLayer = (running: LayerCounters[]): LayerCounters[] =>
  running.map(({ cycles, spikes }, i) => ({
    cycles: cycles - (running[i - 1]?.cycles ?? 0),
    spikes: spikes - (running[i - 1]?.spikes ?? 0),
  }));
