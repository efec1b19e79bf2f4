import { open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Board, memoryOf } from '../../../firmware-gen/boards/index.js';
import { uf2 as toUf2 } from '../../../firmware-gen/uf2.js';
import { exitCode, SpikeletError } from '../../../models/index.js';
import { reasonOf } from '../../system/files.js';
import { binaryOf, requireRoom } from './program.js';
import type { FlashingBy, FlashProtocol } from './protocol.js';

type Uf2 = FlashingBy<'uf2'>;

/**
 * Copies a UF2 file to the drive that the board's boot ROM provides; the board restarts when it has the whole
 * file.
 */
export const uf2: FlashProtocol<Uf2> = {
  file: (board, flashing, program) => ({ ending: 'uf2', contents: fileFor(board, flashing, program) }),
  async flash({ board, flashing, program, port, progress, note }) {
    const contents = fileFor(board, flashing, await binaryOf(program));
    const drive = port ?? (await findDrive(flashing, driveFolders()));
    if (!port) note(`copying to ${drive}`);
    await copy(contents, drive, flashing, progress);
    return { port: drive, bytes: contents.length, verified: false, restarts: 0 };
  },
};

function fileFor(board: Board, { family }: Uf2, program: Uint8Array): Uint8Array {
  requireRoom(board, program.length);
  return toUf2(program, memoryOf(board, board.code).origin, family);
}

/** Where systems mount drives: in these folders, or in a folder per user below them. */
const driveFolders = (): string[] => ['/media', '/run/media', '/mnt', '/Volumes'];

/** The only mounted drive of this name. Throws with exit code 3 if there is none or more than one. */
export async function findDrive({ drive, enter }: Uf2, folders: string[]): Promise<string> {
  const names = async (folder: string) =>
    (await readdir(folder).catch(() => [] as string[])).map((name) => join(folder, name));
  const outer = (await Promise.all(folders.map(names))).flat();
  const inner = (await Promise.all(outer.map(names))).flat();
  const candidates = [...outer, ...inner];
  const fits = await Promise.all(candidates.map((folder) => isDrive(folder, drive)));
  const found = candidates.filter((_, i) => fits[i]);
  if (found.length === 1) return found[0]!;
  throw new SpikeletError(
    found.length
      ? `found ${found.length} drives named ${drive}: ${found.join(', ')}`
      : `no drive named ${drive} is mounted`,
    {
      hint: found.length ? 'choose one with --port' : `${enter}; or give the drive with --port`,
      code: exitCode.device,
    },
  );
}

const isDrive = async (folder: string, drive: string): Promise<boolean> =>
  (await readFile(join(folder, 'INFO_UF2.TXT'), 'utf8').catch(() => '')).includes(`Board-ID: ${drive}`);

async function copy(
  contents: Uint8Array,
  drive: string,
  { drive: name, enter }: Uf2,
  progress: (done: number, total: number) => void,
): Promise<void> {
  if (!(await isDrive(drive, name)))
    throw new SpikeletError(`${drive} is not a drive of ${name}`, { hint: enter, code: exitCode.device });
  let done = 0;
  try {
    const file = await open(join(drive, 'firmware.uf2'), 'w');
    try {
      const CHUNK = 64 << 10;
      for (; done < contents.length; progress(done, contents.length))
        done += (await file.write(contents, done, Math.min(CHUNK, contents.length - done))).bytesWritten;
      await file.sync();
    } finally {
      // The board unmounts its drive as soon as it has the last block.
      await file.close().catch(() => undefined);
    }
  } catch (error) {
    if (done === contents.length) return;
    throw new SpikeletError(`cannot write to ${drive}: ${reasonOf(error)}`, {
      hint: enter,
      code: exitCode.device,
      cause: error,
    });
  }
}
