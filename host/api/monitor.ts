import type { Said } from '../device/monitor.js';

export type MonitorOptions = {
  /** Serial port; guessed where only one fits. */
  port?: string | undefined;
  /** Default 115200. */
  baud?: number | undefined;
  /** An AbortSignal that ends it. */
  signal?: { readonly aborted: boolean } | undefined;
  /** Told the port once it is open, and given what sends a line to the device. */
  onOpen?: ((port: string, send: (line: string) => void) => void) | undefined;
  note?: ((line: string) => void) | undefined;
};

const USUAL_BAUD = 115200;

/**
 * Tells what a device says over its serial port, line by line and frame by frame, until the signal is aborted.
 * @throws SpikeletError with code 3 where there is no such port, or once the device is gone.
 */
export async function monitor(
  tell: (said: Said) => void,
  { port: wanted, baud = USUAL_BAUD, signal, onOpen, note = () => undefined }: MonitorOptions = {},
): Promise<void> {
  const { guessPort } = await import('../device/guess-port.js');
  const { openPort } = await import('../device/port.js');
  const { listen } = await import('../device/monitor.js');
  const path = wanted ?? (await guessPort(note));
  const port = await openPort(path, { baud });
  try {
    // What cannot be sent is told by the reading side, which finds the device gone.
    onOpen?.(path, (line) => void port.write(Buffer.from(`${line}\n`)).catch(() => undefined));
    await listen(port, tell, () => signal?.aborted ?? false);
  } finally {
    await port.close();
  }
}
