import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openLink } from '../../../host/device/link.js';
import { openPort } from '../../../host/device/port.js';
import { openError, useError } from '../../../host/device/port-errors.js';
import { request } from '../../../host/device/requests.js';
import { SpikeletError } from '../../../models/index.js';
import { socat } from '../../support/needs.js';
import { createPty } from '../../support/pty.js';
import { testWith } from '../../support/skip.js';

/** What the systems say of ports, as @serialport/bindings-cpp hands it on, and what a person is told. */
const opening: [path: string, text: string, told: RegExp, hint: RegExp][] = [
  ['COM12', 'Opening COM12: File not found', /^there is no port COM12$/, /--port/],
  ['COM12', 'Opening COM12: Unknown error code 3', /^there is no port/, /--port/],
  ['COM3', 'Opening COM3: Access denied', /^COM3 is in use$/, /close the program/],
  ['\\\\.\\COM12', 'Opening \\\\.\\COM12: Access denied', /is in use$/, /close the program/],
  ['COM3', 'Opening COM3: Unknown error code 31', /^COM3 does not work$/, /disconnect/],
  ['COM3', 'Opening COM3: Unknown error code 121', /^COM3 does not work$/, /disconnect/],
  ['COM3', 'Opening COM3: Unknown error code 170', /^COM3 is in use$/, /close/],
  ['COM3', 'Open (SetCommState): The parameter is incorrect', /does not have this speed/, /--baud/],
  ['LPT1', 'Open (GetCommState): The parameter is incorrect', /is not a serial port/, /--port/],
  ['COM3', 'Opening COM3: Unknown error code 9999', /^cannot open COM3: Opening .* 9999$/, /serial port/],
  ['/dev/cu.x', 'Error: Resource busy, cannot open /dev/cu.x', /^\/dev\/cu\.x is in use$/, /close/],
  ['/dev/cu.x', 'Error: No such file or directory, cannot open /dev/cu.x', /^there is no port/, /connect/],
  [
    '/dev/ttyACM0',
    'Error: No such file or directory, cannot open /dev/ttyACM0',
    /^there is no port/,
    /connect/,
  ],
  [
    '/dev/ttyUSB0',
    'Error: No such device or address, cannot open /dev/ttyUSB0',
    /^there is no port/,
    /connect/,
  ],
  ['/dev/ttyACM0', 'Error: Permission denied, cannot open /dev/ttyACM0', /^no permission to open/, /dialout/],
  ['/dev/ttyACM0', 'Error: Operation not permitted, cannot open /dev/ttyACM0', /^no permission/, /dialout/],
  ['/dev/ttyACM0', 'Error: Device or resource busy, cannot open /dev/ttyACM0', /is in use$/, /close/],
  ['/dev/ttyACM0', 'Error Resource temporarily unavailable Cannot lock port', /is in use$/, /close/],
  ['/dev/ttyS5', 'Error: Input/output error setting custom baud rate of 115200', /does not work/, /connect/],
  ['/etc', 'Error: Is a directory, cannot open /etc', /is not a serial port/, /--port/],
  [
    '/etc/hosts',
    'Error: Inappropriate ioctl for device setting custom baud rate of 9600',
    /not a serial/,
    /--port/,
  ],
  ['/dev/x', 'Error baud rate of 12345 is not supported on your platform', /speed/, /--baud/],
  // Words of a path are not words of the system.
  [
    '/dev/busy',
    'Error: No such file or directory, cannot open /dev/busy',
    /^there is no port \/dev\/busy$/,
    /connect/,
  ],
  [
    '/dev/denied-EBUSY',
    'Error: Permission denied, cannot open /dev/denied-EBUSY',
    /^no permission/,
    /dialout/,
  ],
];

test('a port that cannot be opened: what is wrong and what to do, on Linux, macOS and Windows', () => {
  for (const [path, text, told, hint] of opening) {
    const error = openError(path, new Error(text));
    assert.match(error.message, told, text);
    assert.match(error.hint!, hint, text);
    assert.is(error.code, 3);
  }
});

test('a port that goes away in use is gone, on each system', () => {
  for (const text of [
    'Writing to COM port (GetOverlappedResult): Access denied',
    'Writing to COM port (WriteFileEx): Operation aborted',
    'Writing to COM port (WriteFileEx): Unknown error code 22',
    'Writing to COM port (WriteFileEx): Unknown error code 433',
    'EIO: i/o error, write',
    'ENXIO: no such device or address, write',
    'EBADF: bad file descriptor, write',
    'Error: Device not configured, cannot write',
    'Port is not open',
  ]) {
    const error = useError('COM3', new Error(text), 'write');
    assert.match(error.message, /^COM3 is gone: /, text);
    assert.match(error.hint!, /unplugged/);
    assert.is(error.code, 3);
  }
  assert.match(
    useError('COM3', new Error('timed out after 10 s'), 'write').message,
    /^cannot write to COM3: timed out/,
  );
});

(await testWith([socat]))('a port that vanishes ends every wait by one error of exit code 3', async () => {
  for (const use of ['read', 'ask', 'write'] as const) {
    const pty = await createPty();
    const port = await openPort(pty.path, { baud: 115200 });
    const rejected = {
      read: () => port.read(1, 60_000),
      ask: () => openLink(port, { ms: 60_000 }).ask(request.hello),
      write: async () => {
        await port.readSome(60_000).catch(() => undefined);
        await port.write(Uint8Array.of(1));
      },
    }
      [use]()
      .then(
        () => undefined,
        (error: unknown) => error,
      );
    await pty.close();
    const error = (await rejected) as SpikeletError;
    assert.ok(error instanceof SpikeletError, `${use}: ${error}`);
    assert.is(error.code, 3);
    assert.match(error.message, / is gone: /);
    await port.close();
  }
});

(await testWith([socat]))(
  'a port whose name disappears is gone, even if reading it gives no error',
  async () => {
    const pty = await createPty();
    const folder = mkdtempSync(join(tmpdir(), 'spikelet-port-'));
    const name = join(folder, 'by-id');
    symlinkSync(pty.path, name);
    const port = await openPort(name, { baud: 115_200 });
    try {
      const read = port.read(1, 60_000).then(
        () => undefined,
        (error) => error,
      );
      rmSync(name);
      const error = await read;
      assert.instance(error, SpikeletError);
      assert.match(error.message, /by-id is gone/);
      assert.is(error.exitCode ?? error.code, 3);
    } finally {
      await port.close();
      await pty.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

test.run();
