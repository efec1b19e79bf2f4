import type { Board, Flashing } from '../../../firmware-gen/boards/index.js';
import type { Program } from './program.js';

/** What `flash` asks of a protocol. */
export type FlashRequest<F extends Flashing = Flashing> = {
  board: Board;
  /** The board's numbers of this protocol. */
  flashing: F;
  program: Program;
  /** Serial port, or the folder of a drive; guessed where it is absent. */
  port: string | undefined;
  progress(done: number, total: number): void;
  /** A line on the way. */
  note(line: string): void;
};

export type FlashResult = {
  /** Where the board is reached from now on. */
  port?: string;
  /** Bytes that were sent, padding included. */
  bytes: number;
  /** Whether what the board holds was compared. */
  verified: boolean;
  /** How often the link was lost and taken up again. */
  restarts: number;
  /** An emulated board runs until this is called. `ended` says that it did by itself. */
  stop?: () => Promise<void>;
  ended?: Promise<void>;
};

/** A way to program boards: one file each in this folder, listed by index.ts. */
export type FlashProtocol<F extends Flashing> = {
  flash(request: FlashRequest<F>): Promise<FlashResult>;
  /** The file that other programs flash, for --out; its name's ending, its bytes. Absent: firmware.bin is it. */
  file?(board: Board, flashing: F, program: Uint8Array): { ending: string; contents: Uint8Array };
};

/** The numbers of one protocol. */
export type FlashingBy<P extends Flashing['protocol']> = Extract<Flashing, { protocol: P }>;
