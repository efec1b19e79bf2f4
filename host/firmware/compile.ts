import type { Board } from '../../firmware-gen/boards/index.js';
import type { Placed } from '../../firmware-gen/plan-board.js';
import type { OutputFile } from '../../models/index.js';
import { writeFiles } from '../files.js';
import { compileTools } from './board-tools.js';
import { emitFirmware } from './build.js';
import { type Built, makeProject } from './make.js';
import { printModel } from './model.js';

/**
 * Prints the project of a placed model into a folder and compiles it; `built` is absent where the board's vendor has a
 * build system of its own. `defines`: for the compiler, default those of every program.
 */
export async function compileFirmware(
  board: Board,
  placed: Placed,
  folder: string,
  { model, defines }: { model?: OutputFile[]; defines?: string[] } = {},
): Promise<{ files: OutputFile[]; built?: Built }> {
  const files = await emitFirmware(board, placed, model ?? (await printModel(placed.planned)), defines);
  await writeFiles(folder, files);
  if (!compileTools(board).length) return { files };
  return { files, built: await makeProject(board, folder, placed.fit.weightsIn) };
}
