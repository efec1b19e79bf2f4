/** Families of parts, by synthesis target. */
export type Family = 'ice40' | 'ice40-hx' | 'ecp5' | 'xilinx7' | 'gowin';

/** yosys' synthesis command for each family. */
export const synthesisOf: Record<Family, string> = {
  ice40: 'synth_ice40 -dsp -spram -abc9 -device u',
  'ice40-hx': 'synth_ice40 -abc9 -device hx',
  ecp5: 'synth_ecp5 -abc9',
  xilinx7: 'synth_xilinx -family xc7 -abc9 -flatten',
  gowin: 'synth_gowin',
};

/**
 * Resources of a part or of a design: look-up tables (4 inputs; 6 in Xilinx 7), flip-flops, carry cells,
 * block RAMs of the family's own size, single-port RAMs of 32 KiB (iCE40 UltraPlus), multipliers.
 */
export type Area = {
  luts: number;
  flipFlops: number;
  carries: number;
  brams: number;
  sprams: number;
  dsps: number;
};

/** Names of the resources, for users. */
export const areaNames: Record<keyof Area, string> = {
  luts: 'look-up tables',
  flipFlops: 'flip-flops',
  carries: 'carry cells',
  brams: 'block RAMs',
  sprams: 'single-port RAMs',
  dsps: 'multipliers',
};

/** A single-port RAM of iCE40 UltraPlus: number of words and bits of each. */
export const SPRAM = { words: 16384, bits: 16 };

/** Bits of RAM of all kinds: a part without single-port RAM must use block RAM instead. */
export const ramBits = ({ brams, sprams }: Area, bramBits: number): number =>
  brams * bramBits + sprams * SPRAM.words * SPRAM.bits;
