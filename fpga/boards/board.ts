import type { Area, Family } from '../parts.js';

/** A board or a part. Each is data in its own file in this folder and is listed in index.ts. */
export type Board = {
  name: string;
  /** A one-line description for users. */
  title: string;
  family: Family;
  capacity: Area;
  /** Size of one block RAM in bits. */
  bramBits: number;
  /** Clock of the core. */
  clockHz: number;
  /**
   * SB_PLL40 settings of iCE40, if the core's clock differs from the board's. `pad`: the clock comes from the
   * PLL's own pin.
   */
  pll?: { fromHz: number; pad: boolean; divr: number; divf: number; divq: number; filter: number };
  /** Baud rate of the link. */
  baud: number;
  /** The part's name in place-and-route; without it only the area of a design is reported. */
  nextpnr?: { device: string; package: string };
  /** Pins, keyed by the port names of the board top. */
  pins: Partial<Record<BoardPort, string>>;
  /** The program that writes a bitstream to it. */
  programmer?: Programmer;
};

/** A program that writes a bitstream: its arguments, with `FILE` for the bitstream, and how to install it. */
export type Programmer = { program: string; args: string[]; install: string };

/** The command line that writes a bitstream, to show to users. */
export const commandOf = ({ program, args }: Programmer, file: string): string =>
  [program, ...args.map((arg) => (arg === 'FILE' ? file : arg))].join(' ');

export type BoardPort = 'i_clk' | 'i_rx' | 'o_tx';

/** The pins in nextpnr-ice40's format (.pcf). */
export const constraintsOf = ({ pins, clockHz, pll }: Board): string =>
  `${[
    ...Object.entries(pins).map(([port, pin]) => `set_io ${port} ${pin}`),
    `set_frequency i_clk ${(pll?.fromHz ?? clockHz) / 1e6}`,
  ].join('\n')}\n`;
