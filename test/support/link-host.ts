import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { boardOf } from '../../firmware-gen/boards/index.js';
import { boardHeader } from '../../firmware-gen/header.js';
import { type BoardLink, connectBoard, note } from '../../host/device/board-link.js';
import type { LinkCounts } from '../../host/device/link.js';
import { openPort, type Port } from '../../host/device/port.js';
import { writeFiles } from '../../host/system/files.js';
import { program as shell } from '../../host/toolchain/build.js';
import { crc32, SpikeletError } from '../../models/index.js';
import { delays, noise } from './bad-line.js';
import { temporaryFolder } from './firmware-project.js';
import { gcc, sanitizers, socat } from './needs.js';
import { createPty } from './pty.js';
import { below, type Random } from './random-graph.js';

/**
 * The shell's own C on this machine: test/support/c/platform-host.c is its platform, test/support/c/link its
 * model.
 */
const path = (name: string): string => fileURLToPath(new URL(`../../../${name}`, import.meta.url));
const PIXELS = 48;

/** What compiles and runs the link in C. */
export const linkNeeds = [gcc, socat];

/** Compiles it with the sanitizers of gcc. */
export async function compileLinkHost(): Promise<string> {
  const folder = await temporaryFolder();
  await writeFiles(folder, [{ path: 'board.h', contents: boardHeader(boardOf('mps2-an386')) }]);
  const built = join(folder, 'firmware');
  const flags = ['-std=gnu11', '-O1', '-g', '-Wall', '-Wextra', '-Werror', '-DSPIKELET_TRACE'];
  const include = [folder, path('firmware-gen/shell'), path('test/support/c/link')].map((at) => `-I${at}`);
  const sources = [
    ...shell.map((name) => path(`firmware-gen/shell/${name}`)),
    path('test/support/c/platform-host.c'),
    path('test/support/c/link/model.c'),
  ];
  execFileSync('gcc', [...flags, ...sanitizers, ...include, ...sources, '-o', built], { stdio: 'inherit' });
  return built;
}

/** One byte of `every` is flipped, lost or doubled, one of `lateEvery` late by up to `lateMs`; both ways. */
export type Noise = { every: number; lateEvery: number; lateMs: number };

/** Runs `use` with a serial port (a PTY) whose other end is the program, the noise on the way. */
export async function withProgram<T>(
  program: string,
  line: { random: Random; noise?: Noise },
  use: (port: Port) => Promise<T>,
): Promise<T> {
  const pty = await createPty();
  const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.stdin.on('error', () => undefined);
  const spoilt = (pass: (bytes: Uint8Array) => void) => {
    if (!line.noise) return pass;
    const { every, lateEvery, lateMs } = line.noise;
    const spoil = noise(line.random, every);
    const late = delays(line.random, lateEvery, lateMs, pass);
    return (bytes: Uint8Array) => late(spoil(bytes));
  };
  pty.onBytes(spoilt((bytes) => void child.stdin.write(bytes)));
  child.stdout.on('data', spoilt(pty.write));
  const end = async () => {
    child.stdin.end();
    const code = await ended;
    await pty.close();
    return code;
  };
  let result: T;
  try {
    const port = await openPort(pty.path, { baud: 115200 });
    result = await use(port).finally(port.close);
  } catch (error) {
    await end();
    throw error;
  }
  const code = await end();
  if (code !== 0) throw new Error(`the program ended with ${code}: a sanitizer found something`);
  return result;
}

/**
 * What came of many requests. `wrong`: an answer that is not what the program computed from what was sent.
 */
export type Tally = LinkCounts & { images: number; reported: number; wrong: string[] };

/**
 * Sends random images until `requests` were made, and checks every answer. A request is sent again after
 * `ms`.
 */
export async function ask(
  port: Port,
  random: Random,
  requests: number,
  { tries = 10, ms = 30 }: { tries?: number; ms?: number } = {},
): Promise<Tally> {
  const total: Tally = {
    requests: 0,
    answered: 0,
    again: 0,
    damaged: 0,
    stale: 0,
    text: 0,
    images: 0,
    reported: 0,
    wrong: [],
  };
  const options = { ms, tries, inferMs: Math.max(ms, 2000), helloMs: 60_000 };
  let board: BoardLink | undefined;
  /** Inferences that the program has made, and those whose answer was lost. */
  let [runs, unknown] = [0, 0];
  const settle = () => {
    for (const key of ['requests', 'answered', 'again', 'damaged', 'stale', 'text'] as const)
      total[key] += board?.link.counts[key] ?? 0;
    board = undefined;
  };
  while (total.requests + (board?.link.counts.requests ?? 0) < requests) {
    const pixels = Int8Array.from({ length: PIXELS }, () => below(random, 255) - 127);
    try {
      board ??= await connectBoard(port, { ...options, chunk: 1 + below(random, PIXELS) });
      const { logits } = await board.infer(pixels, note.ticks | note.values);
      const problem = difference(pixels, logits, await board.notes(), await board.stackUsed());
      if (problem) total.wrong.push(problem);
      const made = logits[2]! - runs;
      if (made < 1 || made > 1 + unknown) total.wrong.push(`${made} inferences instead of 1`);
      [runs, unknown] = [logits[2]!, 0];
      total.images++;
    } catch (error) {
      // Told, not passed over: another session begins.
      if (!(error instanceof SpikeletError)) throw error;
      total.reported++;
      unknown++;
      settle();
    }
  }
  settle();
  return total;
}

/** What test/support/c/link/host.c computes. */
function difference(
  pixels: Int8Array,
  logits: Int32Array,
  notes: { crc: number; spikes: number; active: number }[],
  stack: number,
): string | undefined {
  let [sum, hash] = [0, 0];
  for (const [i, pixel] of pixels.entries()) {
    sum += pixel * (i + 1);
    hash = ((hash * 31) % 65521) + pixel;
  }
  if (logits[0] !== sum || logits[1] !== hash) return `logits ${logits} instead of ${sum}, ${hash}`;
  if (stack !== 1234) return `stack ${stack}`;
  const [halves, bytes] = [sum, hash].map((value) => Uint8Array.from({ length: 6 }, (_, i) => value >> i));
  const counts = Uint8Array.from([...halves!].flatMap((byte) => [byte & 15, byte >> 4]));
  for (const [i, tensor] of [new Uint8Array(pixels.buffer), counts, bytes!].entries()) {
    const { crc, spikes, active } = notes[i]!;
    if (crc !== crc32(tensor)) return `CRC of tensor ${i}`;
    if (active !== tensor.filter((value) => value).length) return `active of tensor ${i}`;
    if (spikes !== tensor.reduce((all, value) => all + value, 0)) return `spikes of tensor ${i}`;
  }
  return undefined;
}
