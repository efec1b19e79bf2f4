/**
 * Times in nanoseconds, as on one x86 core with vectors. Only differences between plans of one graph matter:
 * the cost of fetching constants again for each band, making streams again for each group of tiles, and
 * packing.
 */
export const COST = {
  /** A weight added by a spike; a product in the dense kernels; a value compared or pooled. */
  event: 1 / 57,
  pixels: 1 / 40,
  depthwise: 1 / 25,
  grouped: 1,
  /** How much slower a depthwise layer is on packed counts. */
  unpacked: 2.2,
  attend: 1 / 20,
  value: 0.05,
  /** An input put into a stream; a count packed or unpacked. */
  stream: 0.04,
  count: 0.03,
  step: 150,
  /** A fetch, and each of its bytes. */
  fetch: 300,
  byte: 0.1,
};

const DENSITY = 0.3;

/** Fraction of values that are not zero; a typical one if the graph was not calibrated. */
export const densityOf = ({ activity }: { activity?: { density: number } }): number =>
  activity?.density ?? DENSITY;
