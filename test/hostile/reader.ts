import type { Random } from '../support/random-graph.js';
import type { Need } from '../support/skip.js';

/** One reader of files or of what a device says, and hostile input for it. */
export type Reader = {
  name: string;
  /** Its share of all inputs, in parts. */
  parts: number;
  /** Most inputs of one process, where what it compiles stays in its memory; default: all of them. */
  slice?: number;
  /** Its outcomes depend on how fast the machine is, so that no CRC of them can be compared. */
  timed?: true;
  /** What it cannot be tried without. */
  needs?: Need[];
  /** Runs in the reader's process, before its first input. */
  open(folder: string): Promise<Opened>;
};

export type Opened = {
  /** An input, the same for the same random numbers. */
  input(random: Random, index: number): Uint8Array;
  /** How many inputs there are, where that does not follow from the reader's parts. */
  count?: number;
  /**
   * Reads it. What it returns goes into the CRC of all outcomes; a SpikeletError refuses the input.
   * Everything else that it throws is a defect.
   */
  read(bytes: Uint8Array): unknown;
  close?(): unknown;
};

/** How a reader's process is told what to do. */
export type Order = {
  reader: string;
  seed: number;
  from: number;
  to: number;
  /** For what readers keep between processes. */
  folder: string;
  /** A file whose first word is the input that is being read. */
  place: string;
  /** Only writes the input `from` to this file. */
  save?: string;
};

/** What one process found. */
export type Found = {
  accepted: number;
  refused: number;
  crc: number;
  /** The longest input: wall and CPU time. */
  slowest: { ms: number; index: number };
  maxRss: number;
  /** Of the process, its opening included; programs that it starts are not. */
  cpuSeconds: number;
  /** The input that made the process grow most. */
  grew: { bytes: number; index: number };
  defects: { index: number; what: string }[];
  notes: string[];
};

/** Where no input is being read yet. */
export const OPENING = 0xffffffff;
/** Of CPU time, which a busy machine does not add to. */
export const MOST_MS = 5000;
export const MOST_RSS = 512 * 2 ** 20;
