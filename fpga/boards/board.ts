import type { Area, Family } from '../parts.js';

/** A board or a part is data: one file each in this folder, listed by index.ts. */
export type Board = {
  name: string;
  /** What it is, in a line for people. */
  title: string;
  family: Family;
  capacity: Area;
  /** Bits of one block RAM. */
  bramBits: number;
  clockHz: number;
  /** Baud rate of the link. */
  baud: number;
  /** What place-and-route calls the part; without it a design's area is all that is told. */
  nextpnr?: { device: string; package: string };
  /** Pins by the names of the board top's ports. */
  pins: Partial<Record<BoardPort, string>>;
  /** The command that writes a bitstream, `FILE` for its name. */
  program?: string;
};

export type BoardPort = 'i_clk' | 'i_rx' | 'o_tx';

/** The pins as nextpnr-ice40 reads them (.pcf). */
export const constraintsOf = ({ pins, clockHz }: Board): string =>
  `${[
    ...Object.entries(pins).map(([port, pin]) => `set_io ${port} ${pin}`),
    `set_frequency i_clk ${clockHz / 1e6}`,
  ].join('\n')}\n`;
