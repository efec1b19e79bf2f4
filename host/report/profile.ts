import type { Op } from '../../models/index.js';
import { bytes, type Column, percent, quantity } from './text.js';

/** What a device's inferences cost, layer by layer: means of one inference. Any device can give it. */
export type Profile = {
  /** The device, and the emulator that stands for it. */
  device: string;
  model: string;
  samples: number;
  /** What `cost` counts. An emulator that counts instructions knows no cycles and no seconds. */
  counts: 'instructions' | 'cycles' | 'microseconds';
  layers: LayerProfile[];
  total: {
    /** From the image in place to its logits. */
    cost: number;
    /** Latency; null where the device's clock means nothing. */
    seconds: number | null;
    /** From the request's first byte to the reply's last, where an image and its logits go over a link. */
    linkSeconds?: number;
    /** Cycles in which a value of the image waited for the core; where the device counts them. */
    stalls?: number;
    spikes: number;
    sops: number;
    macs: number;
    weightBytes: number;
  };
  /** Memory that was used, most of it, of what there is. */
  memory: { what: string; bytes: number; of: number }[];
};

export type LayerProfile = {
  layer: string;
  op: Op;
  /** Null where the device cannot tell layers apart. */
  cost: number | null;
  /** Spikes that came in; null: it reads no spikes. */
  spikesIn: number | null;
  /** Share of its inputs that are not zero. */
  density: number;
  /** Synaptic operations: accumulations, one for each spike and synapse, a count of n being n spikes. */
  sops: number;
  /** Multiplications by pixels that are not zero. */
  macs: number;
  /** Bytes of weights that were read; null where the device's kernels are not known. */
  weightBytes: number | null;
};

/** A profile for people: a line before its and lines after it. */
export function profileReport({ counts, layers, total, memory, samples, model, device }: Profile) {
  const columns: Column[] = [
    { title: 'layer' },
    { title: 'op', rank: 1 },
    { title: counts, right: true },
    { title: 'share', right: true },
    { title: 'spikes in', right: true, rank: 2 },
    { title: 'density', right: true, rank: 4 },
    { title: 'SOPs', right: true },
    { title: 'weights read', right: true, rank: 3 },
  ];
  const count = (value: number | null) => (value === null ? '' : String(Math.round(value)));
  const rows = layers.map((layer) => [
    layer.layer,
    layer.op,
    count(layer.cost),
    layer.cost === null ? '' : percent(layer.cost / total.cost),
    count(layer.spikesIn),
    percent(layer.density),
    layer.sops ? count(layer.sops) : layer.macs ? `${count(layer.macs)} MACs` : '',
    layer.weightBytes ? `${count(layer.weightBytes)} B` : '',
  ]);
  const stalled = total.stalls === undefined ? '' : `, ${count(total.stalls)} of them stalled`;
  const latency = total.seconds === null ? '' : `, ${(1000 * total.seconds).toFixed(2)} ms`;
  const after = [
    `one inference: ${Math.round(total.cost)} ${counts}${latency}${stalled}; ${count(total.spikes)} spikes, ` +
      `${quantity(Math.round(total.sops))} synaptic operations and ${quantity(Math.round(total.macs))} MACs, ` +
      `${quantity(Math.round(total.weightBytes))} bytes of weights read`,
    ...(total.linkSeconds === undefined
      ? []
      : [
          `over the serial link: ${(1000 * total.linkSeconds).toFixed(2)} ms an image, its pixels and logits on the line included`,
        ]),
    ...memory.map(({ what, bytes: used, of }) => `${what}: ${used} B of ${bytes(of)}`),
  ];
  return { title: `'${model}' on ${device}, means of ${samples} images`, columns, rows, after };
}
