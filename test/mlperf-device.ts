import type { Board } from '../firmware-gen/boards/index.js';
import { type Emulation, emulate } from '../host/device/emulate.js';
import { writeFiles } from '../host/files.js';
import { emitFirmware } from '../host/firmware/build.js';
import { type Built, makeProject } from '../host/firmware/make.js';
import { printModel } from '../host/firmware/model.js';
import { requirePlace } from '../host/firmware/plan-board.js';
import type { Graph } from '../models/index.js';
import { temporaryFolder } from './firmware-project.js';
import { openRunner, type Runner } from './mlperf-runner.js';

/** The firmware that `spikelet build` writes for a graph, compiled. */
export async function firmwareOf(board: Board, graph: Graph): Promise<Built> {
  const folder = await temporaryFolder();
  const placed = requirePlace(board, graph);
  await writeFiles(folder, await emitFirmware(board, placed, await printModel(placed.planned)));
  return makeProject(board, folder, placed.fit.weightsIn);
}

/** Runs it on the board's emulator while `use` talks to it as a runner of MLPerf Tiny does. */
export async function withRunner<T>(
  board: Board,
  program: Built,
  use: (runner: Runner, emulation: Emulation) => Promise<T>,
  counting = false,
): Promise<T> {
  const emulation = await emulate(board, { program, counting });
  try {
    const runner = await openRunner(emulation.port);
    try {
      return await use(runner, emulation);
    } finally {
      await runner.close();
    }
  } finally {
    await emulation.stop();
  }
}
