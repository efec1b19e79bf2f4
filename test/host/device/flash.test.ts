import { spawn } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { boardOf, boards } from '../../../firmware-gen/boards/index.js';
import { uf2 } from '../../../firmware-gen/uf2.js';
import { partsOf } from '../../../host/device/flash/esp.js';
import { flash, flashFile, programAt } from '../../../host/device/flash/index.js';
import type { FlashingBy } from '../../../host/device/flash/protocol.js';
import { findDrive } from '../../../host/device/flash/uf2.js';
import { guessPort, linuxUsbPorts } from '../../../host/device/guess-port.js';
import { exitCode, SpikeletError } from '../../../models/index.js';
import { main } from '../../support/command.js';
import { removeFolders, temporaryFolder } from '../../support/firmware-project.js';
import {
  compileVersion,
  imageOf,
  board as loaderBoard,
  loaderNeeds,
  opened,
  versionOf,
} from '../../support/loader-board.js';
import { socat } from '../../support/needs.js';
import { createPty } from '../../support/pty.js';
import { testWith } from '../../support/skip.js';

const rp2040 = boardOf('rp2040').flashing as FlashingBy<'uf2'>;
const quiet = { progress: () => undefined, note: () => undefined };

async function refused(what: Promise<unknown>, code: number, message: RegExp): Promise<void> {
  const error = await what.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  assert.ok(error instanceof SpikeletError, String(error));
  assert.is(error.code, code);
  assert.match(error.message, message);
  assert.ok(error.hint);
}

async function programOf(bytes: number) {
  const path = join(await temporaryFolder(), 'firmware.bin');
  await writeFile(path, new Uint8Array(bytes).fill(7));
  return programAt(path);
}

test('a UF2 file holds the program in blocks that say where they go', () => {
  const program = Uint8Array.from({ length: 600 }, (_, i) => i);
  const file = uf2(program, 0x10000000, 0xe48bff56);
  assert.is(file.length, 3 * 512);
  const found: number[] = [];
  for (let i = 0; i < 3; i++) {
    const words = new DataView(file.buffer, 512 * i, 512);
    const word = (at: number) => words.getUint32(at, true);
    assert.equal([word(0), word(4), word(508)], [0x0a324655, 0x9e5d5157, 0x0ab16f30]);
    assert.equal([word(8), word(12), word(16)], [0x2000, 0x10000000 + 256 * i, 256]);
    assert.equal([word(20), word(24), word(28)], [i, 3, 0xe48bff56]);
    found.push(...file.subarray(512 * i + 32, 512 * i + 288));
  }
  assert.equal(found.slice(0, 600), [...program]);
  assert.ok(found.slice(600).every((byte) => byte === 0));
});

test('a UF2 board is flashed by copying to its drive, which is found where only one is mounted', async () => {
  const media = await temporaryFolder();
  const drive = join(media, 'someone', 'RPI-RP2');
  await mkdir(drive, { recursive: true });
  await refused(findDrive(rp2040, [media]), exitCode.device, /no drive named RPI-RP2/);
  await writeFile(
    join(drive, 'INFO_UF2.TXT'),
    'UF2 Bootloader v3.0\nModel: Raspberry Pi RP2\nBoard-ID: RPI-RP2\n',
  );
  assert.is(await findDrive(rp2040, [media]), drive);
  const program = await programOf(1000);
  await flash({ board: boardOf('rp2040'), program, port: drive, ...quiet });
  const { contents } = await flashFile(boardOf('rp2040'), program);
  assert.equal(await readFile(join(drive, 'firmware.uf2')), Buffer.from(contents as Uint8Array));
  await mkdir(join(media, 'RPI-RP2'));
  await writeFile(join(media, 'RPI-RP2', 'INFO_UF2.TXT'), 'Board-ID: RPI-RP2\n');
  await refused(findDrive(rp2040, [media]), exitCode.device, /2 drives/);
  await refused(
    flash({ board: boardOf('rp2040'), program, port: media, ...quiet }),
    exitCode.device,
    /is not a drive of/,
  );
});

test('the port is guessed where there is one', async () => {
  const tty = await temporaryFolder();
  const device = async (name: string, bus: string) => {
    const place = join(tty, 'devices', bus, name);
    await mkdir(place, { recursive: true });
    await mkdir(join(tty, 'class'), { recursive: true });
    await symlink(place, join(tty, 'class', name));
  };
  const found = () => linuxUsbPorts(join(tty, 'class'));
  await device('ttyS0', 'platform');
  await refused(
    guessPort(() => undefined, found),
    exitCode.device,
    /no USB serial port/,
  );
  await device('ttyACM0', 'pci0000:00/usb1/1-2');
  assert.is(await guessPort(() => undefined, found), '/dev/ttyACM0');
  await device('ttyUSB0', 'pci0000:00/usb2/2-1');
  await refused(
    guessPort(() => undefined, found),
    exitCode.device,
    /2 serial ports: \/dev\/ttyACM0, \/dev\/ttyUSB0/,
  );
});

test('what cannot be flashed is refused before anything is sent', async () => {
  const send = (name: string, bytes: number, port?: string) =>
    programOf(bytes).then((program) => flash({ board: boardOf(name), program, port, ...quiet }));
  await refused(send('nrf52840dk', 100), exitCode.failure, /vendor's tool/);
  await refused(send('nucleo-f446re', 600 << 10, '/dev/none'), exitCode.failure, /614400 B/);
  await refused(send('rp2040', 3 << 20, '/dev/none'), exitCode.failure, /3145728 B/);
  await refused(send('mps2-an386-loader', 9 << 20, '/dev/none'), exitCode.failure, /9437184 B/);
  await refused(send('nucleo-h743zi', 100, '/dev/none'), exitCode.device, /no port/);
  await refused(send('esp32-s3', 100, '/dev/none'), exitCode.device, /no port/);
  await refused(send('mps2-an386', 100, '/dev/none'), exitCode.usage, /emulated/);
  await refused(send('rp2040', 0), exitCode.failure, /is empty/);
  const folder = await programAt(await temporaryFolder());
  await refused(
    flash({ board: boardOf('rp2040'), program: folder, port: undefined, ...quiet }),
    1,
    /no firmware\.bin/,
  );
});

test('sectors of boards with ST loaders cover their flash', () => {
  for (const { name, flashing, memories, loader } of boards)
    if (flashing?.protocol === 'an3155' && !loader) {
      const bytes = flashing.sectors.reduce((sum, [count, each]) => sum + count * each, 0);
      assert.ok(
        memories.some(({ origin, bytes: all }) => origin === flashing.base && all === bytes),
        name,
      );
    }
});

test('the files of an ESP-IDF build go where its table says', async () => {
  const folder = await temporaryFolder();
  const build = join(folder, 'build');
  await mkdir(build);
  const program = await programAt(folder);
  await refused(partsOf(program, { offset: 0 }), exitCode.failure, /no flasher_args\.json/);
  await writeFile(join(build, 'app.bin'), 'app');
  await writeFile(join(build, 'flasher_args.json'), '{"flash_files":{"0x10000":"app.bin"}}');
  const parts = await partsOf(program, { offset: 0 });
  assert.equal(
    parts.map(({ data, address }) => [address, Buffer.from(data).toString()]),
    [[0x10000, 'app']],
  );
  await writeFile(join(build, 'flasher_args.json'), '{"flash_files":{"0x10000":"missing.bin"}}');
  await refused(partsOf(program, { offset: 0 }), exitCode.failure, /missing\.bin/);
  for (const [table, message] of [
    ['{"flash_files":', /is not JSON/],
    ['null', /names 0 files/],
    ['{"flash_files":[]}', /names 0 files/],
    ['{"flash_files":{"0":7}}', /names 7, which is not a file/],
    ['{"flash_files":{"0":["app.bin"]}}', /which is not a file/],
    ['{"flash_files":{"0":"../../secret"}}', /which is not a file in its folder/],
    ['{"flash_files":{"0":"/etc/passwd"}}', /which is not a file in its folder/],
    ['{"flash_files":{"here":"app.bin"}}', /at 'here', which is not an address/],
    ['{"flash_files":{"0x100000000":"app.bin"}}', /which is not an address/],
    ['{"flash_files":{"-1":"app.bin"}}', /which is not an address/],
  ] as const) {
    await writeFile(join(build, 'flasher_args.json'), table);
    await refused(partsOf(program, { offset: 0 }), exitCode.failure, message);
  }
});

(await testWith([socat]))('esptool-js finds no chip behind a silent port', async () => {
  const pty = await createPty();
  let heard = 0;
  pty.onBytes((bytes) => {
    heard += bytes.length;
  });
  try {
    const program = await programOf(100);
    await refused(
      flash({ board: boardOf('esp32-s3'), program, port: pty.path, ...quiet }),
      exitCode.device,
      /./,
    );
    assert.ok(heard > 40, 'it called nobody');
  } finally {
    await pty.close();
  }
});

(await testWith(loaderNeeds))(
  'spikelet flash starts an emulated board with its loader, which runs the program until the command ends',
  async () => {
    const path = join(await temporaryFolder(), 'firmware.bin');
    const program = await compileVersion('C');
    await writeFile(path, program);
    const { contents } = await flashFile(loaderBoard, await programAt(path));
    assert.equal(contents, imageOf(program));
    const child = spawn(process.execPath, [main, 'flash', path, '--board', loaderBoard.name, '--json']);
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    const line = await new Promise<string>((resolve, reject) => {
      let said = '';
      child.stdout.on('data', (text: Buffer) => {
        said += text;
        if (said.includes('\n')) resolve(said);
      });
      child.once('exit', () => reject(new Error(said)));
    });
    const { port, verified } = JSON.parse(line) as { port: string; verified: boolean };
    assert.ok(verified);
    await opened(port, async (serial) => assert.is(await versionOf(serial), 'C'));
    child.kill('SIGINT');
    assert.is(await ended, exitCode.interrupted);
  },
);

test.after(removeFolders);
test.run();
