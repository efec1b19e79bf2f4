import { readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { SerialPort } from 'serialport';
import { exitCode, SpikeletError } from '../../models/index.js';

/** The only USB serial port of this machine. Throws with exit code 3 if there is none, or more than one. */
export async function guessPort(note: (line: string) => void, ports = usbPorts): Promise<string> {
  const found = await ports();
  if (found.length === 1) {
    note(`port: ${found[0]}`);
    return found[0]!;
  }
  throw new SpikeletError(
    found.length
      ? `there are ${found.length} serial ports: ${found.join(', ')}`
      : 'there is no USB serial port',
    {
      hint: found.length ? 'choose one with --port' : 'connect the board, or give any port with --port',
      code: exitCode.device,
    },
  );
}

const usbPorts = (): Promise<string[]> => (process.platform === 'linux' ? linuxUsbPorts() : listedUsbPorts());

/** From the kernel's own list, because SerialPort.list() ends the process if udevadm is missing. */
export async function linuxUsbPorts(folder = '/sys/class/tty'): Promise<string[]> {
  const names = await readdir(folder).catch(() => [] as string[]);
  const paths = await Promise.all(names.map((name) => realpath(join(folder, name)).catch(() => '')));
  return names
    .filter((_, i) => /\/usb\d/.test(paths[i]!))
    .map((name) => `/dev/${name}`)
    .sort();
}

const listedUsbPorts = async (): Promise<string[]> =>
  (await SerialPort.list()).filter(({ vendorId }) => vendorId).map(({ path }) => path);
