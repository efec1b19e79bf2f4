/** Families of parts, by what synthesises for them. */
export type Family = 'ice40' | 'ice40-hx' | 'ecp5' | 'xilinx7' | 'gowin';

/**
 * Resources of a part or of a design: look-up tables (4 inputs; 6 in Xilinx 7), flip-flops, carry cells, block RAMs of
 * the family's own size, single-port RAMs of 32 KiB (iCE40 UltraPlus), multipliers.
 */
export type Area = {
  luts: number;
  flipFlops: number;
  carries: number;
  brams: number;
  sprams: number;
  dsps: number;
};
