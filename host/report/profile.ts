import type { Profile } from '../run/profile.js';
import { bytes, type Column, percent, quantity } from './text.js';

/** A profile for people: a table with a title line and lines after it. */
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
          `over the serial link: ${(1000 * total.linkSeconds).toFixed(2)} ms per image, including sending its pixels and logits`,
        ]),
    ...memory.map(({ what, bytes: used, of }) => `${what}: ${used} B of ${bytes(of)}`),
  ];
  return { title: `'${model}' on ${device}, means of ${samples} images`, columns, rows, after };
}
