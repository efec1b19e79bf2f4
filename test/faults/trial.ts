import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readNet, writeGraph } from '../../models/index.js';
import { quantize } from '../../quantize/index.js';
import { main } from '../support/command.js';
import type { Random } from '../support/random-graph.js';
import { writeExample } from '../support/small-example.js';
import type { Tried } from './verbs.js';
import { crcsBelow, differences, filesBelow, isLeftover, notWhole } from './whole.js';

/** Everything that the verbs read, in `folder`. */
export async function writeInputs(folder: string, pictures = 60): Promise<void> {
  await writeExample(folder, pictures);
  const net = readNet(readFileSync(join(folder, 'net.safetensors')));
  const images = [1, 2, 3].map((n) =>
    Float32Array.from({ length: 144 }, (_, i) => (Math.floor(i / n) % 2) * 3 - 1),
  );
  const graph = quantize(net, images, { bits: 8 });
  for (const tensor of Object.values(graph.tensors))
    if (tensor.kind === 'spikes') tensor.activity = { rate: 0.5, density: 0.4 };
  writeFileSync(join(folder, 'graph.safetensors'), writeGraph(graph));
  writeFileSync(join(folder, 'firmware.bin'), new Uint8Array(200_000).fill(7));
}

export type Ended = { code: number | null; signal: string | null; said: string; ms: number };

type Start = {
  /** Called once it runs; what it returns is called when it has ended. */
  during?: (kill: (signal: NodeJS.Signals) => void) => void;
  /** Most files that may be open. */
  files?: number;
  /** Beyond which the process hangs. */
  limitMs?: number;
};

/** A trial's own folder: the inputs as links, `out` for what is written, `tmp` for temporary files. */
export function trialFolder(inputs: string, place: string): string {
  rmSync(place, { recursive: true, force: true });
  mkdirSync(join(place, 'tmp'), { recursive: true });
  mkdirSync(join(place, 'out'));
  for (const name of ['net.safetensors', 'graph.safetensors', 'firmware.bin', 'data', 'images'])
    symlinkSync(join(inputs, name), join(place, name));
  return place;
}

/** Runs the command line in a trial's folder to its end. */
export function start(
  place: string,
  args: string[],
  { during, files, limitMs = 300_000 }: Start = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const command = [process.execPath, main, ...args];
    const [program, ...rest] = files
      ? ['bash', '-c', `ulimit -n ${files}; exec "$@"`, 'bash', ...command]
      : command;
    const child = spawn(program!, rest, {
      cwd: place,
      env: { ...process.env, NO_COLOR: '1', TMPDIR: join(place, 'tmp') },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text: Buffer) => {
        said = (said + text).slice(-20_000);
      });
    const timer = setTimeout(() => {
      said += '\n(it hangs)';
      child.kill('SIGKILL');
    }, limitMs);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, said, ms: performance.now() - began });
    });
    during?.((signal) => void child.kill(signal));
  });
}

/** What a verb writes when nothing happens to it, and how long that takes. */
export type Clean = { ms: number; crcs: Map<string, number> };

export async function clean(inputs: string, place: string, { args, name }: Tried): Promise<Clean> {
  const { code, said, ms } = await start(trialFolder(inputs, place), args);
  if (code !== 0) throw new Error(`${name} does not work at all: ${said}`);
  return { ms, crcs: crcsBelow(join(place, 'out')) };
}

/** Below some number of files that may be open Node itself does not start, or finds no modules. */
export const nodeStarted = ({ said, signal }: Ended): boolean =>
  !signal && !/node::|uv_|libuv|Aborted|ERR_MODULE_NOT_FOUND|\nNode\.js v/.test(said);

/** One line that says what failed, and no trace of the program's own. */
export function saidBadly({ code, signal, said }: Ended): string[] {
  const wrong: string[] = [];
  if (said.includes('(it hangs)')) wrong.push('it hangs');
  if (/spikelet itself failed|\n\s+at .*:\d+:\d+|UnhandledPromise|node:internal/.test(said))
    wrong.push(`it fails by itself: ${said.slice(-400)}`);
  if (code !== 0 && !signal && code !== 130 && code !== 143 && !/^error: /m.test(said))
    wrong.push(`code ${code} without an error: ${said.slice(-200)}`);
  return wrong;
}

/** What is wrong with the files in a trial's folder. `killed`: nobody had the time to remove anything. */
export function leftBadly(place: string, wanted: Map<string, number>, killed: boolean): string[] {
  const out = join(place, 'out');
  const wrong: string[] = [];
  for (const path of filesBelow(out)) {
    if (isLeftover(path)) {
      if (!killed) wrong.push(`the temporary file ${path} stays`);
      continue;
    }
    const problem = notWhole(join(out, path), { killed });
    if (problem) wrong.push(`${path} is not whole: ${problem}`);
    if (!wanted.has(path) && !/checkpoint/.test(path)) wrong.push(`the stray file ${path}`);
  }
  if (!killed)
    for (const path of filesBelow(join(place, 'tmp'))) wrong.push(`the temporary file tmp/${path} stays`);
  return wrong;
}

/** Runs the verb again after it was stopped; what differs then from an undisturbed run. */
export async function resumed(
  place: string,
  { args, resume }: Tried,
  wanted: Map<string, number>,
): Promise<string[]> {
  const again = resume && existsSync(join(place, resume.needs)) ? resume.args : args;
  const ended = await start(place, again);
  // A run whose last epoch was done has nothing to go on with, and says so.
  if (ended.code !== 0) return [`it does not go on: ${ended.said.slice(-300)}`];
  for (const path of filesBelow(join(place, 'out'))) if (isLeftover(path)) rmSync(join(place, 'out', path));
  return differences(join(place, 'out'), wanted).map((line) => `after going on, ${line}`);
}

export const moment = (random: Random, ms: number): number => Math.round(random() * ms);

export const keep = (place: string, saved: string): void => {
  rmSync(saved, { recursive: true, force: true });
  cpSync(place, saved, { recursive: true, verbatimSymlinks: true });
};
