import { type Graph, type GraphNode, interpret, operationsOf } from '../../models/index.js';
import { layerWork, type Measured, withActivity } from '../report/measured.js';
import type { Profile } from '../report/profile.js';
import { tensorNames } from '../verify.js';
import type { LayerCounters } from './fpga-link.js';
import type { FpgaSession } from './fpga-session.js';

export type FpgaProfileOptions = {
  /** The board, for people, and its clock. */
  device: string;
  clockHz: number;
  lanes: number;
  onProgress?: (done: number) => void;
};

/**
 * Profiles a board over its link, or a simulated one: cycles and spikes are counted by the design. Which values were zero
 * it does not tell: the interpreter does, which computes the same.
 */
export async function profileFpga(
  graph: Graph,
  { link, layersCounted }: FpgaSession,
  images: Iterable<Int8Array>,
  { device, clockHz, lanes, onProgress }: FpgaProfileOptions,
): Promise<Profile> {
  const names = tensorNames(graph);
  const sums = { cycles: 0, spikes: 0, stalls: 0 };
  const layers = names.map(() => 0);
  const measured: Measured = {
    samples: 0,
    tensors: new Map(names.map((name) => [name, { spikes: 0, active: 0 }])),
  };
  for (const pixels of images) {
    await link.infer(pixels);
    const counted = await link.counters();
    for (const what of ['cycles', 'spikes', 'stalls'] as const) sums[what] += counted[what];
    if (layersCounted)
      perLayer(await link.layers()).forEach(({ cycles }, i) => {
        layers[i]! += cycles;
      });
    interpret(graph, pixels, (tensor, values) => {
      const sum = measured.tensors.get(tensor)!;
      for (const value of values) {
        sum.spikes += value;
        sum.active += Number(value !== 0);
      }
    });
    measured.samples++;
    onProgress?.(measured.samples);
  }
  const mean = (sum: number) => sum / Math.max(1, measured.samples);
  const active = withActivity(graph, measured);
  const work = layerWork(
    active,
    graph.nodes.map((node) => weightBytes(node, active, lanes)),
  );
  const total = (key: 'sops' | 'macs' | 'weightBytes') =>
    work.reduce((sum, layer) => sum + (layer[key] ?? 0), 0);
  return {
    device,
    model: graph.name,
    samples: measured.samples,
    counts: 'cycles',
    layers: work.map((layer, i) => ({ ...layer, cost: layersCounted ? mean(layers[i + 1]!) : null })),
    total: {
      cost: mean(sums.cycles),
      seconds: mean(sums.cycles) / clockHz,
      stalls: mean(sums.stalls),
      spikes: mean(sums.spikes),
      sops: total('sops'),
      macs: total('macs'),
      weightBytes: total('weightBytes'),
    },
    memory: [],
  };
}

/** An event reads a word of a weight per lane for each block of lanes that its outputs take. */
function weightBytes(node: GraphNode, graph: Graph, lanes: number): number {
  if (node.op !== 'accumulate') return 0;
  const { events, effectiveMacs } = operationsOf(node, graph)!;
  const outputs = node.out / node.groups;
  return (((events + effectiveMacs) / outputs) * Math.ceil(outputs / lanes) * lanes * node.bits) / 8;
}

/** What each layer added to the counters, which run through the frame. */
export const perLayer = (running: LayerCounters[]): LayerCounters[] =>
  running.map(({ cycles, spikes }, i) => ({
    cycles: cycles - (running[i - 1]?.cycles ?? 0),
    spikes: spikes - (running[i - 1]?.spikes ?? 0),
  }));
