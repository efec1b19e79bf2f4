import type { Op } from '../../models/index.js';

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
