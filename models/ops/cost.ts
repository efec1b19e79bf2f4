/**
 * Times in nanoseconds, as on one x86 core with vectors. Only differences between plans of one graph matter: what it costs
 * to fetch constants again for each band, to make streams again for each group of tiles, to pack.
 */
export const COST = {
  /** Of a weight that a spike adds; of a product in the dense kernels; of a value that is compared or pooled. */
  event: 1 / 57,
  pixels: 1 / 40,
  depthwise: 1 / 25,
  grouped: 1,
  /** How much slower a depthwise layer is on packed counts. */
  unpacked: 2.2,
  attend: 1 / 20,
  value: 0.05,
  /** Of an input on its way into a stream; of a count packed or unpacked. */
  stream: 0.04,
  count: 0.03,
  step: 150,
  /** Of a fetch, and of each of its bytes. */
  fetch: 300,
  byte: 0.1,
};

const DENSITY = 0.3;

/** Share of values that are not zero; of a graph that was not calibrated, a usual one. */
export const densityOf = ({ activity }: { activity?: { density: number } }): number =>
  activity?.density ?? DENSITY;
