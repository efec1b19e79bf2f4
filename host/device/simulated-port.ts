import { exitCode, SpikeletError } from '../../models/index.js';
import { MOST_BYTES, type SimulatedBoard } from '../eda/simulated-board.js';
import type { Port } from './port.js';

/** Clocks simulated per call. */
const SLICE = 20_000;

/** The serial port of a simulated board. Milliseconds are those of the board's clock. */
export function simulatedPort(board: SimulatedBoard, clockHz: number): Port {
  const path = 'the simulated board';
  let received = new Uint8Array();
  const run = (bytes: Uint8Array, clocks: number): number => {
    const answer = board.run(bytes, clocks);
    received = Uint8Array.from([...received, ...answer]);
    return answer.length;
  };
  const clocksOf = (ms: number): number => Math.ceil((ms * clockHz) / 1000);
  const take = (count: number): Uint8Array => {
    const taken = received.slice(0, count);
    received = received.slice(count);
    return taken;
  };
  const wait = (count: number, ms: number): void => {
    for (let left = clocksOf(ms); received.length < count && left > 0; left -= SLICE)
      run(new Uint8Array(), SLICE);
  };
  return {
    path,
    async write(bytes) {
      for (let at = 0; at < bytes.length; at += MOST_BYTES) run(bytes.subarray(at, at + MOST_BYTES), 0);
    },
    async read(count, ms) {
      wait(count, ms);
      if (received.length < count)
        throw new SpikeletError(
          `${path}: received ${received.length} of ${count} B in ${ms} ms of its clock`,
          {
            code: exitCode.device,
            hint: 'the simulated design does not answer',
          },
        );
      return take(count);
    },
    async readSome(ms) {
      wait(1, ms);
      return take(received.length);
    },
    async drain(quietMs) {
      while (run(new Uint8Array(), clocksOf(quietMs)) > 0);
      received = new Uint8Array();
    },
    setSignals: async () => {},
    close: async () => {},
  };
}
