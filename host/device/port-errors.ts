import { exitCode, SpikeletError } from '../../models/error.js';

/**
 * Serial port errors, recognised by the systems' texts, because serialport passes on only texts, not codes.
 */
type Problem = { texts: RegExp; message: (path: string) => string; hint: string };

const joinGroup =
  "on Linux join the port's group (sudo usermod -aG dialout $USER; 'uucp' on Arch), then log in again; elsewhere 'ls -l' shows who may open it";

/**
 * First match wins. On Linux and macOS the texts are those of errno, on Windows those of
 * @serialport/bindings-cpp.
 */
const problems = {
  missing: {
    // Windows error codes for a missing path, drive or device.
    texts:
      /no such (file|device)|\bENOENT\b|\bENODEV\b|\bENXIO\b|file not found|cannot find|error code (3|15|20|433|1167)\b/i,
    message: (path) => `there is no port ${path}`,
    hint: 'connect the device, or choose another with --port',
  },
  busy: {
    // Windows denies access to a port that another program has open; opening one needs no rights there.
    texts:
      /\baccess (is )?denied|cannot lock|\bbusy\b|temporarily unavailable|\b(EBUSY|EAGAIN|EWOULDBLOCK)\b|error code (32|33|170)\b/i,
    message: (path) => `${path} is in use`,
    hint: 'close the program that has it open: a serial monitor, an IDE or another spikelet',
  },
  forbidden: {
    texts: /permission denied|not permitted|\b(EACCES|EPERM)\b/i,
    message: (path) => `no permission to open ${path}`,
    hint: joinGroup,
  },
  speed: {
    texts:
      /baud rate of \d+ is not supported|IOSSIOSPEED|SetCommState.*parameter|invalid argument.*baud rate/i,
    message: (path) => `${path} does not have this speed`,
    hint: 'choose another --baud; all ports support 115200',
  },
  other: {
    texts: /inappropriate ioctl|not a (tty|typewriter)|\bENOTTY\b|GetCommState|is a directory|\bEISDIR\b/i,
    message: (path) => `${path} is not a serial port`,
    hint: 'give one with --port, such as /dev/ttyACM0, /dev/cu.usbmodem101 or COM3',
  },
  failing: {
    texts: /input\/output error|\bEIO\b|error code (21|31|121)\b/i,
    message: (path) => `${path} does not work`,
    hint: 'disconnect the device and connect it again',
  },
} satisfies Record<string, Problem>;

/** Errors of a port that disappears while it is open: unplugged, or its emulator ended. */
const gone =
  /\b(EIO|ENXIO|ENODEV|EBADF|EPIPE)\b|input\/output error|no such device|bad file descriptor|not configured|port is not open|was closed|end of input|operation aborted|access denied|invalid handle|error code (5|22|31|433|995|1167)\b/i;

const deviceError = (message: string, hint: string, cause: unknown): SpikeletError =>
  new SpikeletError(message, { hint, code: exitCode.device, cause });

/** Why a port could not be opened. */
export function openError(path: string, error: Error): SpikeletError {
  // The path itself may contain any of these words.
  const text = error.message.replaceAll(path, '');
  const known = Object.values(problems).find(({ texts }) => texts.test(text));
  return known
    ? deviceError(known.message(path), known.hint, error)
    : deviceError(`cannot open ${path}: ${error.message}`, 'is it a serial port?', error);
}

/** Why a port that was open could not be read or written. */
export function useError(path: string, error: Error, what: 'read' | 'write'): SpikeletError {
  if (what === 'read' || gone.test(error.message.replaceAll(path, '')))
    return deviceError(
      `${path} is gone: ${error.message}`,
      'was it unplugged? connect it again, check the cable and repeat the command',
      error,
    );
  return deviceError(`cannot write to ${path}: ${error.message}`, 'check the cable', error);
}
