import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Board } from '../../../firmware-gen/boards/index.js';
import { buildLoader, emulateLoader } from '../loader.js';

/** An emulated board with its loader and empty flash. Its files are removed when it stops. */
export async function emulatedLoader(board: Board) {
  const folder = await mkdtemp(join(tmpdir(), 'spikelet-loader-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const loader = await buildLoader(board, folder);
    const emulation = await emulateLoader(board, loader, join(folder, 'flash.bin'));
    const ended = new Promise<void>((resolve) => emulation.process.once('exit', () => resolve())).then(
      remove,
    );
    return {
      port: emulation.port,
      ended,
      stop: async () => {
        await emulation.stop();
        await ended;
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
