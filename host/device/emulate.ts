import { type ChildProcess, spawn } from 'node:child_process';
import type { Board, Emulator } from '../../firmware-gen/boards/index.js';
import { exitCode, SpikeletError } from '../../models/index.js';
import { toolError } from '../firmware/tools.js';

/** A board without hardware, running. */
export type Emulation = {
  /** Path of its serial port: a PTY that any program may open. */
  port: string;
  /** The emulator's process, whose exit says that it failed. */
  process: ChildProcess;
  /** Ends it. The port is gone then. */
  stop(): Promise<void>;
};

export type EmulateOptions = {
  /** The program: an ELF file, or what the emulator boots. */
  program: string;
  /** Raw files put in memory before reset. */
  files?: { path: string; address: number }[];
  /** Makes virtual time count instructions, so that the board's ticks do; slower. */
  counting?: boolean;
  /** Further arguments of the emulator. */
  arguments?: string[];
};

const installLines: Record<string, string> = {
  'qemu-system-arm': 'apt-get install qemu-system-arm',
  'qemu-system-riscv32': 'apt-get install qemu-system-misc',
};

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/**
 * Starts a board's emulator and waits for its serial port. What the firmware sends before a client opens the port is
 * lost. Throws a SpikeletError where the emulator is missing or does not start.
 */
export async function emulate(board: Board, options: EmulateOptions): Promise<Emulation> {
  const { emulator } = board;
  if (!emulator)
    throw new SpikeletError(`${board.name} has no emulator`, {
      hint: 'connect the board and give --port',
      code: exitCode.device,
    });
  if (emulator.kind !== 'qemu') throw new SpikeletError(`${emulator.kind} is not supported yet`);
  return startQemu(emulator, options);
}

type Qemu = Extract<Emulator, { kind: 'qemu' }>;

async function startQemu(emulator: Qemu, options: EmulateOptions): Promise<Emulation> {
  const { program, files = [], counting = false } = options;
  const hex = (address: number) => `0x${address.toString(16)}`;
  const child = spawn(
    emulator.program,
    [
      ...['-M', emulator.machine, ...emulator.arguments],
      ...['-display', 'none', '-monitor', 'none', '-serial', 'pty'],
      ...(counting ? emulator.counting : []),
      ...files.flatMap(({ path, address }) => [
        '-device',
        // A comma ends an option of QEMU unless it is doubled.
        `loader,file=${path.replaceAll(',', ',,')},addr=${hex(address)},force-raw=on`,
      ]),
      ...['-kernel', program],
      ...(options.arguments ?? []),
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  running.add(child);
  child.once('exit', () => running.delete(child));
  const port = await portOf(child, emulator.program);
  return { port, process: child, stop: () => stop(child) };
}

/** The PTY's path, from QEMU's line `char device redirected to /dev/pts/3 (label serial0)`. */
function portOf(child: ChildProcess, program: string): Promise<string> {
  const install = installLines[program]!;
  let said = '';
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException & { stderr?: string }) => {
      clearTimeout(timer);
      child.kill('SIGKILL');
      reject(toolError(program, install, error));
    };
    const timer = setTimeout(() => fail(new Error(`it opened no serial port in 30 s: ${said}`)), 30_000);
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
    child.once('exit', (code) => fail(new Error(said || `it ended with ${code}`)));
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}
