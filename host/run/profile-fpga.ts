import { type Graph, type GraphNode, interpret, operationsOf, tensorNames } from '../../models/index.js';
import { isAccumulate } from '../../models/ops/accumulate.js';
import { perLayer } from '../device/fpga-link.js';
import type { FpgaSession } from '../device/fpga-session.js';
import { layerWork, noneMeasured, totalWork, withActivity } from './measured.js';
import type { Profile } from './profile.js';

export type FpgaProfileOptions = {
  /** The board's name, for people, and its clock. */
  device: string;
  clockHz: number;
  lanes: number;
  onProgress?: (done: number) => void;
};

/**
 * Profiles a board over its link, or a simulated one: the design counts cycles and spikes. It does not count
 * zero values, so those come from the interpreter, which computes the same integers.
 */
export async function profileFpga(
  graph: Graph,
  { link, layersCounted, timed }: FpgaSession,
  images: Iterable<Int8Array>,
  { device, clockHz, lanes, onProgress }: FpgaProfileOptions,
): Promise<Profile> {
  const names = tensorNames(graph);
  const sums = { cycles: 0, spikes: 0, stalls: 0 };
  const layers = names.map(() => 0);
  let linkSeconds = 0;
  const measured = noneMeasured(graph);
  for (const pixels of images) {
    linkSeconds += await timed(() => link.infer(pixels));
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
  return {
    device,
    model: graph.name,
    samples: measured.samples,
    counts: 'cycles',
    layers: work.map((layer, i) => ({ ...layer, cost: layersCounted ? mean(layers[i + 1]!) : null })),
    total: {
      cost: mean(sums.cycles),
      seconds: mean(sums.cycles) / clockHz,
      linkSeconds: mean(linkSeconds),
      stalls: mean(sums.stalls),
      spikes: mean(sums.spikes),
      ...totalWork(work),
    },
    memory: [],
  };
}

/** Each event reads one word, a weight per lane, for every block of lanes that its outputs fill. */
function weightBytes(node: GraphNode, graph: Graph, lanes: number): number {
  if (!isAccumulate(node)) return 0;
  const { events, effectiveMacs } = operationsOf(node, graph)!;
  const outputs = node.out / node.groups;
  return (((events + effectiveMacs) / outputs) * Math.ceil(outputs / lanes) * lanes * node.bits) / 8;
}
