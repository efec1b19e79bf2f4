import { exitCode } from '../../../models/index.js';
import { anyBoardOf, flash as flashBoard, flashFile } from '../../api/flash.js';
import { output } from '../../system/output.js';
import { forceOption, required, verb } from '../verb.js';

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
    const name = required(options.board, '--board');
    const { port, out, force } = options;
    const { fpga } = anyBoardOf(name);
    if (out !== undefined && !(fpga && port !== undefined)) {
      const { path: file, contents } = await flashFile(path!, name);
      await writeImage(out, contents, fpga ? file : path!, force);
      io.print(`${out}: ${contents.length} B for ${name}`);
      return { result: { board: name, out, bytes: contents.length } };
    }
    const bar = io.progress('flashing');
    const started = performance.now();
    const hooks = { onProgress: bar.update, note: io.note };
    const flashed = await flashBoard(path!, { board: name, port, ...hooks }).finally(() => bar.done());
    const seconds = (performance.now() - started) / 1000;
    if ('programmer' in flashed) {
      io.print(`${flashed.bytes} B to ${name} by ${flashed.programmer} in ${seconds.toFixed(1)} s`);
      return { result: { ...flashed, seconds } };
    }
    const { stop, ended, ...result } = flashed;
    const found = { ...result, seconds };
    io.print(
      `${result.bytes} B to ${name} in ${seconds.toFixed(1)} s${result.verified ? ', read back and equal' : ''}` +
        `${result.restarts ? `, link taken up again ${result.restarts} times` : ''}`,
    );
    if (!stop) return { result: found };
    io.print(`it runs on ${result.port} until this command ends (Ctrl-C)`);
    io.emit(found);
    return { code: await untilStopped(stop, ended!) };
  },
});

/** Images of one kind of board start with the same bytes: a magic number or the initial stack pointer. */
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

/** Waits until the emulator of a board ends or the user stops this command. */
async function untilStopped(stop: () => Promise<void>, ended: Promise<void>): Promise<number> {
  const interrupted = new Promise<true>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve(true));
  });
  if (!(await Promise.race([interrupted, ended]))) return exitCode.failure;
  await stop();
  return exitCode.interrupted;
}
