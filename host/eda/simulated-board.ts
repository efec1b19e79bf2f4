import { boardTop, clockFile, plainClock } from '../../fpga/board-top.js';
import type { Board } from '../../fpga/boards/board.js';
import { simulatedOf } from '../../fpga/multiplier.js';
import type { OutputFile } from '../../models/index.js';
import { compileCxxrtl, startCxxrtl } from './cxxrtl.js';
import { serialHarness } from './serial-harness.js';

/** A board, simulated clock by clock, with its serial line. */
export type SimulatedBoard = {
  /** Sends bytes, continues for `clocks`, and returns the bytes received. */
  run(bytes: Uint8Array, clocks: number): Uint8Array;
  /** Number of clocks for which the line has been idle both ways. */
  silence(): number;
  /** Clocks since the start. */
  clocks(): number;
};

/** Most bytes per call: the size of the harness's buffers. */
export const MOST_BYTES = 1 << 16;

/** Replaces the part's PLL and multipliers by models that simulators know. */
const simulated = (files: OutputFile[]): OutputFile[] =>
  simulatedOf(files).map((file) => (file.path === clockFile ? { ...file, contents: plainClock } : file));

/** Simulates a board's whole design, UART included. */
export async function simulateBoard(files: OutputFile[], board: Board): Promise<SimulatedBoard> {
  const plain = simulated(files);
  const { exports, memory } = await startCxxrtl(
    await compileCxxrtl(plain, boardTop, serialHarness(boardTop, Math.round(board.clockHz / board.baud))),
  );
  const { run, silence, byte_in: input, byte_out: output } = exports;
  const clocksOfByte = 10 * Math.round(board.clockHz / board.baud);
  let clocksRun = 0;
  const running: SimulatedBoard = {
    run(bytes, clocks) {
      if (bytes.length > MOST_BYTES) throw new RangeError(`${bytes.length} bytes at once`);
      memory().set(bytes, input!());
      clocksRun += clocksOfByte * bytes.length + clocks;
      const count = run!(bytes.length, clocks) as number;
      const at = output!() as number;
      return memory().slice(at, at + count);
    },
    silence: () => silence!() as number,
    clocks: () => clocksRun,
  };
  // Run the first clocks, in which reset ends, before anything is sent.
  running.run(new Uint8Array(), 64);
  return running;
}

/** One end of a serial line. */
export type Line = {
  onBytes(receive: (bytes: Uint8Array) => void): void;
  write(bytes: Uint8Array): void;
};

/** Clocks between two checks of the line. */
const SLICE = 20_000;

/**
 * Connects a board to a line until the returned function is called. The board's time stops once it has been
 * silent for `patience` clocks, the longest computation.
 */
export function connect(board: SimulatedBoard, line: Line, patience = 2_000_000): () => void {
  const pending: Uint8Array[] = [];
  let runs = false;
  let open = true;
  const step = (): void => {
    const bytes = pending.shift() ?? new Uint8Array();
    const answer = board.run(bytes, bytes.length ? 0 : SLICE);
    if (answer.length) line.write(answer);
    runs = open && (pending.length > 0 || board.silence() < patience);
    if (runs) setImmediate(step);
  };
  line.onBytes((bytes) => {
    for (let at = 0; at < bytes.length; at += MOST_BYTES) pending.push(bytes.subarray(at, at + MOST_BYTES));
    if (runs) return;
    runs = true;
    setImmediate(step);
  });
  return () => {
    open = false;
  };
}
