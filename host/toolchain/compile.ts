import type { Board } from '../../firmware-gen/boards/index.js';
import type { Placed } from '../../firmware-gen/plan-board.js';
import type { OutputFile } from '../../models/index.js';
import { writeFiles } from '../system/files.js';
import { compileTools } from './board-tools.js';
import { emitFirmware, type FirmwareOptions } from './build.js';
import { type Built, makeProject, products } from './make.js';
import { printModel } from './model.js';

/**
 * Prints the project of a placed model into a folder and compiles it; `built` is absent if the board's vendor
 * has its own build system. `model`: its C, if already printed.
 */
export async function compileFirmware(
  board: Board,
  placed: Placed,
  folder: string,
  { model, force = false, ...options }: { model?: OutputFile[]; force?: boolean } & FirmwareOptions = {},
): Promise<{ files: OutputFile[]; built?: Built }> {
  const printed = model ?? (await printModel(placed.planned, options.prefix));
  const files = await emitFirmware(board, placed, printed, options);
  await writeFiles(folder, files, { force, products });
  if (!compileTools(board).length) return { files };
  return { files, built: await makeProject(board, folder, placed.fit.weightsIn) };
}
