import type { Board } from '../../firmware-gen/boards/index.js';
import { weightsReadBy } from '../../firmware-gen/footprint.js';
import { fired, type Graph, tensorNames } from '../../models/index.js';
import { layersOf } from '../../wasm/layers.js';
import { requireGraph } from '../device/board.js';
import { type BoardLink, note } from '../device/board-link.js';
import { layerWork, noneMeasured, totalWork, withActivity } from './measured.js';
import type { Profile } from './profile.js';

/**
 * Profiles a board that runs spikelet's firmware. Each image runs twice, so that times are of an inference
 * that does not record values. Throws a SpikeletError if the board computes another graph or is silent.
 */
export async function profileBoard(
  graph: Graph,
  board: BoardLink,
  images: Iterable<Int8Array>,
  { device, onProgress }: { device: string; onProgress?: (done: number) => void },
): Promise<Profile> {
  requireGraph(board, graph);
  const { hello } = board;
  const names = tensorNames(graph);
  const ticks = names.map(() => 0);
  const measured = noneMeasured(graph);
  let all = 0;
  for (const pixels of images) {
    all += (await board.infer(pixels, note.ticks)).ticks;
    for (const [i, each] of (await board.notes()).entries()) ticks[i]! += each.ticks;
    await board.infer(pixels, note.values);
    for (const [i, { spikes, active }] of (await board.notes()).entries()) {
      const sum = measured.tensors.get(names[i]!)!;
      sum.spikes += spikes;
      sum.active += active;
    }
    measured.samples++;
    onProgress?.(measured.samples);
  }
  const { means, count, ticks: per, ticksPerSecond } = hello.counter;
  const perImage = (value: number) => value / Math.max(1, measured.samples);
  const active = withActivity(graph, measured);
  const kernels = { graph: active, layers: layersOf(graph, 'swar') };
  const work = layerWork(
    active,
    weightsReadBy(kernels).map((bytes) => bytes ?? null),
  );
  const spikes = fired(graph).reduce((total, name) => total + measured.tensors.get(name)!.spikes, 0);
  return {
    device,
    model: graph.name,
    samples: measured.samples,
    counts: means,
    layers: work.map((layer, i) => ({ ...layer, cost: (perImage(ticks[i + 1]!) * count) / per })),
    total: {
      cost: (perImage(all) * count) / per,
      seconds: means === 'instructions' ? null : perImage(all) / ticksPerSecond,
      spikes: perImage(spikes),
      ...totalWork(work),
    },
    memory: [
      { what: 'arena', bytes: hello.ram.arena, of: hello.ram.board },
      { what: 'stack, peak', bytes: await board.stackUsed(), of: hello.ram.stack },
    ],
  };
}

/** The name of a board and its emulator, for people. */
export function deviceName(board: Board | undefined, link: BoardLink, emulated: boolean): string {
  const { emulator } = board ?? {};
  const { board: name } = link.hello;
  if (!emulated || !emulator) return name;
  return `${name} (${emulator.kind === 'qemu' ? 'QEMU' : emulator.kind})`;
}
