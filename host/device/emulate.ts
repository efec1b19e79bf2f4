import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Board, Emulator } from '../../firmware-gen/boards/index.js';
import { exitCode, SpikeletError } from '../../models/index.js';
import { emulateTools, requireTools } from '../toolchain/board-tools.js';
import type { Built } from '../toolchain/make.js';
import { toolError } from '../toolchain/tools.js';

/** A running emulated board. */
export type Emulation = {
  /** Path of its serial port: a PTY that any program may open. */
  port: string;
  /** The emulator's process; if it exits, it failed. */
  process: ChildProcess;
  /** Stops it; the port disappears. */
  stop(): Promise<void>;
};

export type EmulateOptions = {
  /** What `make` wrote: QEMU takes the ELF file, rp2040js the flash image; both load `files` into memory. */
  program: Pick<Built, 'elf' | 'bin'> & Partial<Pick<Built, 'files'>>;
  /** Makes virtual time, and so the board's ticks, count instructions; slower. */
  counting?: boolean;
  /** More arguments for the emulator. */
  arguments?: string[];
};

const running = new Set<ChildProcess>();
const killAll = (): void => {
  for (const child of running) child.kill('SIGKILL');
};
process.once('exit', killAll);
// A signal ends a process without an 'exit' event. If there are other listeners, ending the process is left
// to them.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => {
    killAll();
    if (!process.listenerCount(signal)) process.kill(process.pid, signal);
  });

/**
 * Starts a board's emulator and waits for its serial port. Output of the firmware before a client opens the
 * port is lost. Throws a SpikeletError if the emulator is missing or does not start.
 */
export async function emulate(board: Board, options: EmulateOptions): Promise<Emulation> {
  const { emulator } = board;
  if (!emulator)
    throw new SpikeletError(`${board.name} has no emulator`, {
      hint: 'connect the board and use --port',
      code: exitCode.device,
    });
  await requireTools(emulateTools(board), `the emulator of ${board.name}`);
  return start(...commandOf(emulator, options));
}

type Command = [program: string, args: string[]];

const commandOf = (emulator: Emulator, options: EmulateOptions): Command => {
  const { program, counting = false } = options;
  const { files = [] } = program;
  switch (emulator.kind) {
    case 'qemu':
      return [
        emulator.program,
        [
          ...['-M', emulator.machine, ...emulator.arguments],
          ...['-display', 'none', '-monitor', 'none', '-serial', 'pty'],
          ...(counting ? emulator.counting : []),
          ...files.flatMap(({ path, address }) => [
            '-device',
            // QEMU options end at a comma unless it is doubled.
            `loader,file=${path.replaceAll(',', ',,')},addr=0x${address.toString(16)},force-raw=on`,
          ]),
          ...['-kernel', program.elf],
          ...(options.arguments ?? []),
        ],
      ];
    case 'rp2040js':
      return [
        process.execPath,
        [
          fileURLToPath(new URL('./rp2040-process.js', import.meta.url)),
          JSON.stringify({ program: program.bin, files, vectors: emulator.vectors }),
        ],
      ];
  }
};

async function start(...[program, args]: Command): Promise<Emulation> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  child.once('exit', () => running.delete(child));
  const port = await portOf(child, program);
  return { port, process: child, stop: () => stop(child) };
}

/** The PTY's path, from QEMU's line `char device redirected to /dev/pts/3 (label serial0)`. */
function portOf(child: ChildProcess, program: string): Promise<string> {
  let said = '';
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException & { stderr?: string }) => {
      clearTimeout(timer);
      child.kill('SIGKILL');
      reject(toolError(program, error));
    };
    const timer = setTimeout(
      () => fail(new Error(`it did not open a serial port within 30 s: ${said}`)),
      30_000,
    );
    const read = (text: Buffer) => {
      said += text;
      const [, path] = /redirected to (\S+) \(label serial0\)/.exec(said) ?? [];
      if (!path) return;
      clearTimeout(timer);
      resolve(path);
    };
    child.stdout!.on('data', read);
    child.stderr!.on('data', read);
    child.once('error', fail);
    child.once('exit', (code) => fail(new Error(said || `it exited with ${code}`)));
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}
