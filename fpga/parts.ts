/** Families of parts, by what synthesises for them. */
export type Family = 'ice40' | 'ice40-hx' | 'ecp5' | 'xilinx7' | 'gowin';

/** What yosys does for a family of parts. */
export const synthesisOf: Record<Family, string> = {
  ice40: 'synth_ice40 -dsp -spram -abc9 -device u',
  'ice40-hx': 'synth_ice40 -abc9 -device hx',
  ecp5: 'synth_ecp5 -abc9',
  xilinx7: 'synth_xilinx -family xc7 -abc9 -flatten',
  gowin: 'synth_gowin',
};

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

/** What resources are called, for people. */
export const areaNames: Record<keyof Area, string> = {
  luts: 'look-up tables',
  flipFlops: 'flip-flops',
  carries: 'carry cells',
  brams: 'block RAMs',
  sprams: 'single-port RAMs',
  dsps: 'multipliers',
};

/** A single-port RAM of iCE40 UltraPlus: words, and their bits. */
export const SPRAM = { words: 16384, bits: 16 };

/** Bits of RAM, of whatever kind: a part without single-port RAM has to hold those in block RAM. */
export const ramBits = ({ brams, sprams }: Area, bramBits: number): number =>
  brams * bramBits + sprams * SPRAM.words * SPRAM.bits;
