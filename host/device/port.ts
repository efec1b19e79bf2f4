import { existsSync } from 'node:fs';
import { SerialPort } from 'serialport';
import { exitCode, SpikeletError } from '../../models/index.js';
import { openError, useError } from './port-errors.js';

/** An open serial port. Every wait ends: with bytes, or with a SpikeletError of exit code 3. */
export type Port = {
  path: string;
  write(bytes: Uint8Array): Promise<void>;
  /** The next `count` bytes. Throws if they do not arrive within `ms` milliseconds. */
  read(count: number, ms: number): Promise<Uint8Array>;
  /** All bytes received so far; waits up to `ms` milliseconds for the first one. */
  readSome(ms: number): Promise<Uint8Array>;
  /** Discards input until the line is quiet for `quietMs`. Throws if that takes longer than `limitMs`. */
  drain(quietMs: number, limitMs?: number): Promise<void>;
  /** Sets the given signal lines. Has no effect on a port without them (a PTY). */
  setSignals(lines: { dtr?: boolean; rts?: boolean; brk?: boolean }): Promise<void>;
  close(): Promise<void>;
};

export type PortOptions = { baud: number; parity?: 'none' | 'even' };

/** Most received bytes to buffer; beyond this, the device is paused until they are read. */
const KEEP_BYTES = 1 << 20;

/** A port that accepts no bytes for this long never will. */
const WRITE_MS = 10_000;

const deviceError = (message: string, hint: string): SpikeletError =>
  new SpikeletError(message, { hint, code: exitCode.device });

/** How often a port that sends nothing is checked for being there. */
const LOOK_MS = 500;

/**
 * Whether a port's name has disappeared. Reading a terminal that was hung up may give no bytes and no error for ever, and
 * serialport then only tries again.
 */
const isRemoved = (path: string): boolean => path.startsWith('/') && !existsSync(path);

/** What has come from a port and is not yet read. */
type Received = {
  /** Throws where the port is lost. */
  check(): void;
  length(): number;
  /** Waits until `count` bytes are there; false: they are not within `ms`. */
  arrived(count: number, ms: number): Promise<boolean>;
  take(count: number): Uint8Array;
};

/** Keeps what a port receives, from now on. */
function receive(port: SerialPort, path: string): Received {
  let chunks: Buffer[] = [];
  let length = 0;
  let lost: Error | undefined;
  let wake = (): void => undefined;
  const lose = (error: Error) => {
    lost ??= error;
    wake();
  };
  // Always attached: closing in the middle of a write emits an error that nothing else would catch.
  port.on('error', lose);
  port.on('close', (error: Error | null) => lose(error ?? new Error('it was closed')));
  // On some systems a read of zero bytes means that the device was unplugged.
  port.on('end', () => lose(new Error('end of input')));
  port.on('data', (bytes: Buffer) => {
    chunks.push(bytes);
    length += bytes.length;
    if (length > KEEP_BYTES) port.pause();
    wake();
  });
  const check = (): void => {
    if (lost) throw useError(path, lost, 'read');
  };
  const woken = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  return {
    check,
    length: () => length,
    async arrived(count, ms) {
      const deadline = performance.now() + ms;
      while (length < count) {
        check();
        const left = deadline - performance.now();
        if (left <= 0) return false;
        const before = length;
        await woken(Math.min(left, LOOK_MS));
        if (length === before && isRemoved(path)) lose(new Error('no such device: its name is gone'));
      }
      return true;
    },
    take(count) {
      const all = Buffer.concat(chunks);
      chunks = all.length > count ? [all.subarray(count)] : [];
      length = all.length - count;
      if (length <= KEEP_BYTES && port.isPaused()) port.resume();
      return all.subarray(0, count);
    },
  };
}

/** Writes all of the bytes, or throws: a port that takes none for WRITE_MS never will. */
const writeTo = (port: SerialPort, path: string, bytes: Uint8Array): Promise<void> =>
  new Promise<void>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(useError(path, new Error(`timed out after ${WRITE_MS / 1000} s`), 'write')),
      WRITE_MS,
    );
    port.write(Buffer.from(bytes), (error) => {
      clearTimeout(timer);
      if (error) reject(useError(path, error, 'write'));
      else resolve();
    });
  });

/** Opens a serial port. Throws a SpikeletError with exit code 3 where it is missing, forbidden or in use. */
export async function openPort(path: string, { baud, parity = 'none' }: PortOptions): Promise<Port> {
  const port = new SerialPort({ path, baudRate: baud, parity, autoOpen: false });
  const { check, length, arrived, take } = receive(port, path);
  await new Promise<void>((resolve, reject) => {
    port.open((error) => (error ? reject(openError(path, error)) : resolve()));
  });
  return {
    path,
    async write(bytes) {
      check();
      await writeTo(port, path, bytes);
    },
    async read(count, ms) {
      if (!(await arrived(count, ms)))
        throw deviceError(
          `${path}: received ${length()} of ${count} B in ${ms} ms`,
          'check the cable, the baud rate and the power',
        );
      return take(count);
    },
    async readSome(ms) {
      await arrived(1, ms);
      return take(length());
    },
    async drain(quietMs, limitMs = 2000) {
      const deadline = performance.now() + limitMs;
      do {
        take(length());
        if (performance.now() > deadline)
          throw deviceError(`${path} does not stop sending`, 'reset the device and check the baud rate');
      } while (await arrived(1, quietMs));
    },
    setSignals: (lines) => new Promise<void>((resolve) => port.set(lines, () => resolve())),
    async close() {
      if (port.isOpen) await new Promise<void>((resolve) => port.close(() => resolve()));
    },
  };
}
