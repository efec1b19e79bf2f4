import { stat } from 'node:fs/promises';
import { exitCode, SpikeletError } from '../../../models/index.js';
import { emulate } from '../emulate.js';
import { fileOf, weightsOf } from './program.js';
import type { FlashingBy, FlashProtocol } from './protocol.js';

/** QEMU loads the program when it starts; the board runs until the command ends. */
export const qemu: FlashProtocol<FlashingBy<'qemu'>> = {
  async flash({ board, program, port }) {
    if (port)
      throw new SpikeletError(`${board.name} is emulated`, {
        hint: 'omit --port; the emulator prints the port that it opens',
        code: exitCode.usage,
      });
    const elf = await fileOf(program, 'firmware.elf');
    const files = await weightsOf(board, program);
    const sizes = await Promise.all([elf, ...files.map(({ path }) => path)].map((path) => stat(path)));
    const emulation = await emulate(board, { program: { elf, bin: elf, files } });
    const ended = new Promise<void>((resolve) => emulation.process.once('exit', () => resolve()));
    return {
      port: emulation.port,
      bytes: sizes.reduce((sum, { size }) => sum + size, 0),
      verified: false,
      restarts: 0,
      stop: emulation.stop,
      ended,
    };
  },
};
