import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { boardOf } from '../../firmware-gen/boards/index.js';
import { requirePlace } from '../../firmware-gen/plan-board.js';
import { emulate } from '../../host/device/emulate.js';
import { emulateLoader } from '../../host/device/loader.js';
import { prove, writeGraph } from '../../models/index.js';
import { main } from './command.js';
import { compileProduct } from './firmware-device.js';
import { temporaryFolder } from './firmware-project.js';
import { type BadLine, joinLine, lineFaults, type Recording } from './line-faults.js';
import { compileLoader, compileVersion, imageOf, board as loaderBoard, newFlash } from './loader-board.js';
import { createPty } from './pty.js';
import { below, type Random, randomGraph, seeded } from './random-graph.js';

/** The verbs that talk to a board, each over a line with one kind of fault between it and the emulated board. */
const LIMIT_MS = 240_000;

export type Outcome = { result: 'equal' | 'error' | 'wrong'; what: string; spoilt: number };

type Ended = { code: number | null; stdout: string; stderr: string; hung: boolean };

function run(args: string[], cwd: string, during?: (child: ChildProcess) => void): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [main, ...args], {
      cwd,
      env: { ...process.env, NO_COLOR: '1' },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const ended: Ended = { code: null, stdout: '', stderr: '', hung: false };
    const timer = setTimeout(() => {
      ended.hung = true;
      child.kill('SIGKILL');
    }, LIMIT_MS);
    child.stdout.on('data', (text: Buffer) => (ended.stdout += text));
    child.stderr.on('data', (text: Buffer) => (ended.stderr += text));
    child.stdin.on('error', () => undefined);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ ...ended, code });
    });
    during?.(child);
  });
}

/**
 * Whether what a verb did over a bad line is right: what it does over a good one, or one error with its exit
 * code.
 */
function judge(ended: Ended, codes: number[], equal: () => boolean): Omit<Outcome, 'spoilt'> {
  const { code, stderr, hung } = ended;
  const said = stderr.trim().slice(-600);
  if (hung) return { result: 'wrong', what: `it hangs: ${said}` };
  if (code === 0 || (code === 130 && codes.includes(130)))
    return equal()
      ? { result: 'equal', what: '' }
      : { result: 'wrong', what: `it ends with ${code}, but differs: ${ended.stdout.slice(0, 600)}` };
  const errors = stderr.match(/^error: /gm)?.length ?? 0;
  const clear = errors === 1 && !/spikelet itself failed|\n\s+at .*:\d+:\d+/.test(stderr);
  if (clear && code !== null && codes.includes(code)) return { result: 'error', what: said };
  return { result: 'wrong', what: `code ${code}: ${said}` };
}

export type Trials = {
  verbs: string[];
  trial(verb: string, kind: string, random: Random, every: number): Promise<Outcome>;
};

/** Compiles what runs on the boards. Tools must be there (canTry, canTryLoader, socat). */
export async function prepareTrials(): Promise<Trials> {
  const folder = await temporaryFolder();
  const graph = randomGraph(seeded(5), 4);
  prove(graph);
  writeFileSync(join(folder, 'graph.safetensors'), writeGraph(graph));
  const [height, width] = graph.tensors['input']!.shape;
  mkdirSync(join(folder, 'images'));
  const pixels = seeded(1);
  for (let i = 0; i < 2; i++)
    await sharp(
      Uint8Array.from({ length: height * width * 3 }, () => below(pixels, 256)),
      { raw: { width, height, channels: 3 } },
    )
      .png()
      .toFile(join(folder, 'images', `${i}.png`));
  const board = boardOf('mps2-an386');
  const program = await compileProduct(board, requirePlace(board, graph));
  const loader = await compileLoader(8000);
  const version = await compileVersion('B');
  writeFileSync(join(folder, 'firmware.bin'), version);
  const recording: Recording = { frames: [] };

  /** Runs `use` with the port of a line to a board that `port` names. */
  async function over<T>(
    port: string,
    kind: string,
    random: Random,
    every: number,
    use: (path: string, line: BadLine) => Promise<T>,
  ) {
    const pty = await createPty();
    const disturbance = lineFaults[kind]!(random, every, recording);
    const line = await joinLine(port, pty, { random, disturbance, record: recording });
    try {
      return { value: await use(pty.path, line), spoilt: line.spoilt() };
    } finally {
      await line.stop();
    }
  }

  async function onFirmware(
    kind: string,
    random: Random,
    every: number,
    use: (path: string, line: BadLine) => Promise<Omit<Outcome, 'spoilt'>>,
  ) {
    const emulation = await emulate(board, { program });
    try {
      const { value, spoilt } = await over(emulation.port, kind, random, every, use);
      return { ...value, spoilt };
    } finally {
      await emulation.stop();
    }
  }

  const data = ['--data', 'images=images', '--board', board.name, '--json'];
  const commands: Record<string, string[]> = {
    verify: ['verify', 'graph.safetensors', '--against', 'firmware', ...data],
    profile: ['profile', 'graph.safetensors', ...data],
  };
  /** What is the same in each run: all but times. */
  const essence: Record<string, (stdout: string) => string> = {
    verify: (stdout) => {
      const { samples, equal, firstDifference } = JSON.parse(stdout);
      return JSON.stringify({ samples, equal, firstDifference });
    },
    profile: (stdout) => {
      const { layers } = JSON.parse(stdout) as { layers: Record<string, unknown>[] };
      return JSON.stringify(
        layers.map(({ name, layer, spikes, active, density, rate }) => ({
          name,
          layer,
          spikes,
          active,
          density,
          rate,
        })),
      );
    },
  };
  const known = new Map<string, string>();

  async function asks(verb: string, kind: string, random: Random, every: number): Promise<Outcome> {
    if (!known.has(verb)) {
      known.set(verb, '');
      const clean = await asks(verb, 'none', random, every);
      if (clean.result === 'error') throw new Error(`${verb} does not work over a clean line: ${clean.what}`);
    }
    return onFirmware(kind, random, every, async (path) => {
      const ended = await run([...commands[verb]!, '--port', path], folder);
      return judge(ended, [3], () => {
        const found = essence[verb]!(ended.stdout);
        if (!known.get(verb)) known.set(verb, found);
        return found === known.get(verb);
      });
    });
  }

  async function flashes(kind: string, random: Random, every: number): Promise<Outcome> {
    const flash = await newFlash();
    const emulation = await emulateLoader(loaderBoard, loader, flash);
    try {
      const { value, spoilt } = await over(emulation.port, kind, random, every, async (path) => {
        const args = ['flash', 'firmware.bin', '--board', loaderBoard.name, '--port', path];
        const ended = await run(args, folder);
        // What is promised is what the flash holds.
        return judge(ended, [3, 4], () =>
          Buffer.from(readFileSync(flash)).includes(Buffer.from(imageOf(version))),
        );
      });
      return { ...value, spoilt };
    } finally {
      await emulation.stop();
    }
  }

  async function monitors(kind: string, random: Random, every: number): Promise<Outcome> {
    return onFirmware(kind, random, every, async (path, line) => {
      const ended = await run(['monitor', '--port', path], folder, (child) => {
        // A signal before it listens would end the process as any other.
        child.stderr!.once('data', () => {
          let asked = 0;
          const asking = setInterval(() => {
            child.stdin!.write('name%\n');
            if (++asked < 12) return;
            clearInterval(asking);
            child.kill('SIGINT');
          }, 300);
          child.once('exit', () => clearInterval(asking));
        });
      });
      // Text has no checksum: what is told may be spoilt, but never controls the terminal.
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
      const harmless = () => !/[\x00-\x08\x0b-\x1f\x7f]/.test(ended.stdout);
      return judge(ended, line.cut() ? [3, 130] : [130], harmless);
    });
  }

  return {
    verbs: ['verify', 'profile', 'flash', 'monitor'],
    trial: (verb, kind, random, every) =>
      verb === 'flash'
        ? flashes(kind, random, every)
        : verb === 'monitor'
          ? monitors(kind, random, every)
          : asks(verb, kind, random, every),
  };
}
