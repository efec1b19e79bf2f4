import type { Op } from '../../models/index.js';

/** Cost of inference on a device, layer by layer: means per inference. Any device can provide it. */
export type Profile = {
  /** The device, and its emulator if there is one. */
  device: string;
  model: string;
  samples: number;
  /** The unit of `cost`. An emulator that counts instructions has no cycles or seconds. */
  counts: 'instructions' | 'cycles' | 'microseconds';
  layers: LayerProfile[];
  total: {
    /** From the image in memory to its logits. */
    cost: number;
    /** Latency; null if the device's clock is not meaningful. */
    seconds: number | null;
    /** From the first byte of the request to the last of the reply, if image and logits go over a link. */
    linkSeconds?: number;
    /** Cycles in which an image value waited for the core, if the device counts them. */
    stalls?: number;
    spikes: number;
    sops: number;
    macs: number;
    weightBytes: number;
  };
  /** Peak memory use, and the memory available. */
  memory: { what: string; bytes: number; of: number }[];
};

export type LayerProfile = {
  layer: string;
  op: Op;
  /** Null if the device does not count per layer. */
  cost: number | null;
  /** Input spikes; null: it does not read spikes. */
  spikesIn: number | null;
  /** Fraction of its inputs that are nonzero. */
  density: number;
  /** Synaptic operations: accumulations, one per spike and synapse; a count of n is n spikes. */
  sops: number;
  /** Multiplications by nonzero pixels. */
  macs: number;
  /** Bytes of weights that were read; null if the device's kernels are not known. */
  weightBytes: number | null;
};
