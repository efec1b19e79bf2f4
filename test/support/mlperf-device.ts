import type { Board } from '../../firmware-gen/boards/index.js';
import { type Emulation, emulate } from '../../host/device/emulate.js';
import type { Built } from '../../host/toolchain/make.js';
import { openRunner, type Runner } from './mlperf-runner.js';

/**
 * Runs the product's firmware on a board's emulator while `use` talks to it as a runner of MLPerf Tiny does.
 */
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
