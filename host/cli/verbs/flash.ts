import type { Board as FpgaBoard } from '../../../fpga/boards/index.js';
import { exitCode } from '../../../models/index.js';
import { bitstreamAt, programBoard } from '../../eda/bitstream.js';
import { output } from '../../system/output.js';
import { anyBoardOf } from '../boards.js';
import type { Io } from '../io.js';
import { forceOption, required, usageError, verb } from '../verb.js';

type Options = { board?: string; port?: string; out?: string; force?: boolean };

export const flash = verb<Options>({
  summary: 'write compiled firmware to a board, compare it and start it; a bitstream to an FPGA',
  configured: true,
  arguments: [
    [
      '<program>',
      "a folder that 'build --target firmware' wrote, after make, or its firmware.bin; one of '--target verilog', or its .bin",
    ],
  ],
  options: [
    { flags: '--board <name>', description: "a board of 'spikelet boards'" },
    {
      flags: '--port <path>',
      description: 'serial port, or drive of a UF2 board; guessed where only one fits',
    },
    { flags: '--out <file>', description: 'write the file that other programs flash instead (.img, .uf2)' },
    forceOption,
  ],
  async run([path], options, io) {
    const { fpga, firmware: board } = anyBoardOf(required(options.board, '--board'));
    if (fpga) return { result: await flashFpga(path!, fpga, options, io) };
    const device = await import('../../device/flash/index.js');
    const program = await device.programAt(path!);
    if (options.out) {
      const { contents } = await device.flashFile(board, program);
      await writeImage(options.out, contents, path!, options.force);
      io.print(`${options.out}: ${contents.length} B for ${board.name}`);
      return { result: { board: board.name, out: options.out, bytes: contents.length } };
    }
    const bar = io.progress('flashing');
    const started = performance.now();
    const { stop, ended, ...result } = await device
      .flash({ board, program, port: options.port, progress: bar.update, note: io.note })
      .finally(() => bar.done());
    const seconds = (performance.now() - started) / 1000;
    const found = { board: board.name, ...result, seconds };
    const { bytes, verified, restarts, port } = result;
    io.print(
      `${bytes} B to ${board.name} in ${seconds.toFixed(1)} s${verified ? ', read back and equal' : ''}` +
        `${restarts ? `, link taken up again ${restarts} times` : ''}`,
    );
    if (!stop) return { result: found };
    io.print(`it runs on ${port} until this command ends (Ctrl-C)`);
    io.emit(found);
    return { code: await untilStopped(stop, ended!) };
  },
});

/** An image of one kind of board begins with the same bytes: a magic number, or where its stack begins. */
const SAME_START = 4;

async function writeImage(
  out: string,
  contents: string | Uint8Array,
  program: string,
  force?: boolean,
): Promise<void> {
  const begins = new Uint8Array(Buffer.from(contents).subarray(0, SAME_START));
  const write = await output(out, { kind: { begins, name: 'such an image' }, inputs: [program], force });
  await write(contents);
}

/** Bitstreams go by the board's own programmer, over USB. */
async function flashFpga(path: string, board: FpgaBoard, { port, out, force }: Options, io: Io) {
  if (port !== undefined)
    throw usageError(
      `${board.name} is flashed over USB`,
      'leave --port away; its serial port is for profile and verify',
    );
  const { path: file, bytes } = await bitstreamAt(path, board);
  if (out) {
    await writeImage(out, bytes, file, force);
    io.print(`${out}: ${bytes.length} B for ${board.name}`);
    return { board: board.name, out, bytes: bytes.length };
  }
  const started = performance.now();
  await programBoard(board.programmer!, file, io.note);
  const seconds = (performance.now() - started) / 1000;
  io.print(`${bytes.length} B to ${board.name} by ${board.programmer!.program} in ${seconds.toFixed(1)} s`);
  return { board: board.name, bytes: bytes.length, programmer: board.programmer!.program, seconds };
}

/** An emulated board runs until the emulator ends or somebody stops this command. */
async function untilStopped(stop: () => Promise<void>, ended: Promise<void>): Promise<number> {
  const interrupted = new Promise<true>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve(true));
  });
  if (!(await Promise.race([interrupted, ended]))) return exitCode.failure;
  await stop();
  return exitCode.interrupted;
}
