import type { Board } from '../../firmware-gen/boards/index.js';
import { firmwareProject } from '../../firmware-gen/project.js';
import type { OutputFile } from '../../models/index.js';
import { version } from '../version.js';
import type { Placed } from './plan-board.js';
import { readShell } from './shell.js';

/** Sources of the shell that make the program which a board runs, and what they are compiled with. */
export const program = ['main.c', 'requests.c', 'link.c', 'inference.c', 'crc32.c'];
export const defines = ['SPIKELET_TRACE'];

/** The whole project of a placed model for a board; `model`: its C, as printModel(planned) of model.ts prints it. */
export async function emitFirmware(
  board: Board,
  { fit }: Placed,
  model: OutputFile[],
): Promise<OutputFile[]> {
  return firmwareProject(board, {
    shell: await readShell(),
    sources: program,
    defines,
    model,
    version,
    place: { weights: fit.weightsIn },
  });
}
