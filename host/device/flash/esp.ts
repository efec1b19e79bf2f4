import { createHash } from 'node:crypto';
import { access } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { exitCode, SpikeletError } from '../../../models/index.js';
import { readBytes } from '../../system/files.js';
import { printable } from '../../system/printable.js';
import { npmInstall } from '../../system/version.js';
import { guessPort } from '../guess-port.js';
import { webSerial } from '../web-serial.js';
import type { Program } from './program.js';
import type { FlashingBy, FlashProtocol } from './protocol.js';

type Esp = FlashingBy<'esp'>;

const BAUD = 115200;
/** ESP-IDF writes this to its build folder: the address of each file of a program. */
const TABLE = 'flasher_args.json';
const MAX_FILES = 16;

/** Espressif's ROM loader, through the npm package esptool-js. */
export const esp: FlashProtocol<Esp> = {
  async flash({ flashing, program, port, progress, note }) {
    const { ESPLoader, Transport } = await load();
    const parts = await partsOf(program, flashing);
    const bytes = parts.reduce((sum, { data }) => sum + data.length, 0);
    const path = port ?? (await guessPort(note));
    const device = webSerial(path);
    // Opened here once first, to get an error that says what is wrong with the port.
    await device.open({ baudRate: BAUD });
    await device.close();
    const transport = new Transport(device as unknown as ConstructorParameters<typeof Transport>[0], false);
    const silent = { clean: () => undefined, write: () => undefined, writeLine: () => undefined };
    const loader = new ESPLoader({ transport, baudrate: BAUD, romBaudrate: BAUD, terminal: silent });
    try {
      const chip = await loader.main();
      if (!chip.startsWith(flashing.chip))
        throw new SpikeletError(`the device is ${chip}, not ${flashing.chip}`, {
          hint: 'use another --board or --port',
        });
      const done = new Map<number, number>();
      await loader.writeFlash({
        fileArray: parts,
        flashMode: 'keep',
        flashFreq: 'keep',
        flashSize: 'keep',
        eraseAll: false,
        compress: true,
        // Compared with the MD5 of the flash that the device computes.
        calculateMD5Hash: (image) => createHash('md5').update(image).digest('hex'),
        reportProgress: (file, written, total) => {
          done.set(file, (written / Math.max(1, total)) * parts[file]!.data.length);
          progress(Math.round([...done.values()].reduce((sum, part) => sum + part, 0)), bytes);
        },
      });
      await loader.after('hard_reset');
      return { port: path, bytes, verified: true, restarts: 0 };
    } catch (error) {
      if (error instanceof SpikeletError) throw error;
      throw new SpikeletError(`${path}: ${(error as Error).message}`, {
        hint: `${flashing.enter}, then try again`,
        code: exitCode.device,
        cause: error,
      });
    } finally {
      await transport.disconnect().catch(() => undefined);
    }
  },
};

const load = () =>
  import('esptool-js').catch((cause: unknown) => {
    throw new SpikeletError('esptool-js is not installed', {
      hint: npmInstall('esptool-js'),
      cause,
    });
  });

type Part = { data: Uint8Array; address: number };

/** The files of an ESP-IDF build folder, or one program at the chip's usual address. */
export async function partsOf({ path, folder }: Program, { offset }: Pick<Esp, 'offset'>): Promise<Part[]> {
  if (!folder) return [{ data: await readBytes(path), address: offset }];
  const root = (await exists(join(path, TABLE))) ? path : join(path, 'build');
  if (!(await exists(join(root, TABLE))))
    throw new SpikeletError(`there is no ${TABLE} in ${path}`, {
      hint: "run 'idf.py build', then give its build folder",
    });
  const table = join(root, TABLE);
  return Promise.all(
    filesIn(await readBytes(table), table).map(async ([address, file]) => ({
      data: await readBytes(join(root, file)),
      address,
    })),
  );
}

/** Addresses and files from a table that cannot be trusted: files must be inside its folder. */
function filesIn(bytes: Uint8Array, path: string): [address: number, file: string][] {
  const refused = (why: string, cause?: unknown) =>
    new SpikeletError(`${path} ${why}`, { hint: "run 'idf.py build' again", cause });
  let table: unknown;
  try {
    table = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw refused('is not JSON', cause);
  }
  const listed = Object(table) as { flash_files?: unknown };
  const files = Object.entries(Object(listed.flash_files) as Record<string, unknown>);
  if (!files.length || files.length > MAX_FILES) throw refused(`names ${files.length} files`);
  return files.map(([address, file]) => {
    const outside = typeof file !== 'string' || isAbsolute(file) || file.split(/[\\/]/).includes('..');
    if (outside || !file || file.includes('\0'))
      throw refused(
        `names ${printable(JSON.stringify(file).slice(0, 100))}, which is not a file in its folder`,
      );
    if (!/^(0x[\da-f]{1,8}|\d{1,10})$/i.test(address) || Number(address) >= 2 ** 32)
      throw refused(
        `puts ${printable(file.slice(0, 100))} at '${printable(address.slice(0, 40))}', which is not an address`,
      );
    return [Number(address), file];
  });
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
