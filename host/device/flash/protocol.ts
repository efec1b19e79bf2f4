import type { Board, Flashing } from '../../../firmware-gen/boards/index.js';
import type { Program } from './program.js';

/** A request to flash a board. */
export type FlashRequest<F extends Flashing = Flashing> = {
  board: Board;
  /** The board's parameters for this protocol. */
  flashing: F;
  program: Program;
  /** Serial port, or the folder of a drive; found automatically if absent. */
  port: string | undefined;
  progress(done: number, total: number): void;
  /** Called with a progress line. */
  note(line: string): void;
};

export type FlashResult = {
  /** The port of the board from now on. */
  port?: string;
  /** Bytes that were sent, padding included. */
  bytes: number;
  /** Whether the board's flash was compared. */
  verified: boolean;
  /** How often the link was lost and reopened. */
  restarts: number;
  /** An emulated board runs until this is called. `ended` resolves if it ends by itself. */
  stop?: () => Promise<void>;
  ended?: Promise<void>;
};

/** A way to program boards: one file each in this folder, listed by index.ts. */
export type FlashProtocol<F extends Flashing> = {
  flash(request: FlashRequest<F>): Promise<FlashResult>;
  /** The file for other flashing programs, for --out: its extension and bytes. Absent: firmware.bin. */
  file?(board: Board, flashing: F, program: Uint8Array): { ending: string; contents: Uint8Array };
};

/** The parameters of one protocol. */
export type FlashingBy<P extends Flashing['protocol']> = Extract<Flashing, { protocol: P }>;
