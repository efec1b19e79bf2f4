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
  /** Of the core. */
  clockHz: number;
  /** What makes it of the board's own clock, where it is another: the settings of an SB_PLL40 of iCE40, its pin its own or not. */
  pll?: { fromHz: number; pad: boolean; divr: number; divf: number; divq: number; filter: number };
  /** Baud rate of the link. */
  baud: number;
  /** What place-and-route calls the part; without it a design's area is all that is told. */
  nextpnr?: { device: string; package: string };
  /** Pins by the names of the board top's ports. */
  pins: Partial<Record<BoardPort, string>>;
  /** What writes a bitstream to it. */
  programmer?: Programmer;
};

/** A program that writes a bitstream: its arguments with `FILE` for the bitstream's name, and how it is installed. */
export type Programmer = { program: string; args: string[]; install: string };

/** The command line that writes a bitstream, for people. */
export const commandOf = ({ program, args }: Programmer, file: string): string =>
  [program, ...args.map((arg) => (arg === 'FILE' ? file : arg))].join(' ');

export type BoardPort = 'i_clk' | 'i_rx' | 'o_tx';

/** The pins as nextpnr-ice40 reads them (.pcf). */
export const constraintsOf = ({ pins, clockHz, pll }: Board): string =>
  `${[
    ...Object.entries(pins).map(([port, pin]) => `set_io ${port} ${pin}`),
    `set_frequency i_clk ${(pll?.fromHz ?? clockHz) / 1e6}`,
  ].join('\n')}\n`;
