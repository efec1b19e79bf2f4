import { spawn } from 'node:child_process';
import { copyFile, mkdir, realpath, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import {
  cores,
  emitVerilog,
  type SimulationPorts,
  simulationPorts,
  type VerilogOptions,
} from '../../fpga/emit/index.js';
import {
  bytesPerValue,
  type Graph,
  type OutputFile,
  product,
  SpikeletError,
  tensorNames,
} from '../../models/index.js';
import { runTool } from '../toolchain/tools.js';
import { rtlFiles } from './rtl-files.js';

const harness = fileURLToPath(new URL('../../../fpga/sim/harness.cc', import.meta.url));

export const verilatorInstall = 'apt-get install verilator g++ make';

/**
 * One simulated frame: the CRC-32 of every tensor in order, the input first, and cycle counts from the first
 * pixel.
 */
export type Frame = {
  logits: number[];
  cycles: number;
  /** Clocks in which the pixel side or the logit side had to wait. */
  stalls: number;
  /** Cycles since the last logit of the previous frame. */
  interval: number;
  tensors: { crc: number; first: number; last: number; spikes: number }[];
  /** Clocks in which each FIFO held back a value because it was told to stall. */
  fifos: number[];
};

export type SimulateOptions = {
  /**
   * Fraction of clocks, 0..1, in which each side of the core and each of its FIFOs stalls at random, by
   * `seed`.
   */
  stall?: number;
  seed?: number;
  /** Send frames as fast as the core takes them; otherwise each starts when the previous one has ended. */
  overlap?: boolean;
};

/** Runs frames of i8 pixels in order. */
export type Simulator = (images: Iterable<Int8Array>, options?: SimulateOptions) => AsyncGenerator<Frame>;

/** All Verilog of a Graph: the emitted files and the cores. */
export const verilogFiles = async (graph: Graph, options?: VerilogOptions): Promise<OutputFile[]> => [
  ...emitVerilog(graph, options),
  ...(await rtlFiles(cores[options?.architecture ?? 'sequential'])),
];

/**
 * Compiles a Graph's Verilog in `folder` with Verilator. Throws a SpikeletError with the install command if
 * it is missing.
 */
export async function compileVerilator(
  graph: Graph,
  folder: string,
  options?: VerilogOptions,
): Promise<Simulator> {
  const files = await verilogFiles(graph, options);
  return compileSimulator(graph, folder, files, {
    ports: simulationPorts(graph, options),
    weights: loadedWeights(files),
  });
}

/** Whether make can build in a folder: it exists, and its path has no spaces. */
export const isPlain = (folder: string): Promise<boolean> =>
  realpath(folder).then(
    (path) => !/\s/.test(path),
    () => false,
  );

/**
 * The same for given files with top `spikelet_core`: a Graph's Verilog or its netlist. `more` are extra
 * arguments for Verilator; `weights` are loaded before the first frame.
 */
export async function compileSimulator(
  graph: Graph,
  folder: string,
  files: OutputFile[],
  { ports, weights, more = [] }: { ports: SimulationPorts; weights: Uint8Array; more?: string[] },
): Promise<Simulator> {
  for (const { path, contents } of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), contents);
  }
  await copyFile(harness, join(folder, 'harness.cc'));
  if (!(await isPlain(folder)))
    throw new SpikeletError(`Verilator cannot compile in ${folder}: its path has spaces`, {
      hint: 'set TMPDIR to a folder without spaces',
    });
  await runTool(
    'verilator',
    [
      ...[
        '--cc',
        '--exe',
        '--build',
        '-O3',
        '-CFLAGS',
        `-O1 -DTRACES=${ports.traces} -DFIFOS=${ports.fifos.length}`,
        '--top-module',
        'spikelet_core',
      ],
      ...more,
      ...files.map(({ path }) => path).filter((path) => path.endsWith('.v')),
      'harness.cc',
    ],
    { install: verilatorInstall, folder },
  );
  return (images, options = {}) =>
    frames(
      join(folder, 'obj_dir/Vspikelet_core'),
      harnessArguments(graph, options, weights),
      folder,
      bytesOf(weights, images),
    );
}

/** The weights to load over the link, for a core that keeps any in single-port RAM; otherwise empty. */
export function loadedWeights(files: OutputFile[]): Uint8Array {
  const contents = (name: string) => files.find(({ path }) => path === name)?.contents;
  const top = contents('spikelet_core.v');
  const weights = contents('weights.bin');
  const inRam = typeof top === 'string' && /\.WEIGHT_HUGE\([1-9]/.test(top);
  return inRam && weights instanceof Uint8Array ? weights : new Uint8Array();
}

/** Arguments that describe a Graph to the harness (fpga/sim/harness.cc). */
export function harnessArguments(
  graph: Graph,
  { stall = 0, seed = 1, overlap = false }: SimulateOptions = {},
  weights: Uint8Array = new Uint8Array(),
): string[] {
  const tensors = tensorNames(graph).map((name) => {
    const { kind, type, shape } = graph.tensors[name]!;
    return `${kind === 'spikes' ? 'u' : 'i'}${bytesPerValue(type)}:${product(shape)}`;
  });
  const pixels = product(graph.tensors['input']!.shape);
  const clocks = Math.round(stall * 256);
  return [pixels, graph.classes.length, tensors.join(','), clocks, seed, Number(overlap), weights.length].map(
    String,
  );
}

async function* frames(
  program: string,
  args: string[],
  folder: string,
  bytes: Iterable<Uint8Array>,
): AsyncGenerator<Frame> {
  const child = spawn(program, args, { cwd: folder, stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  const lines = createInterface({ input: child.stdout });
  try {
    // Write ahead of reading, so that frames can overlap. If the simulator dies early the pipe breaks; its
    // exit code is checked below.
    pipeline(Readable.from(bytes), child.stdin).catch(() => {});
    for await (const line of lines) yield JSON.parse(line) as Frame;
    const code = await ended;
    if (code !== 0) throw new SpikeletError(`the simulated core ended with code ${code}`);
  } finally {
    child.kill();
  }
}

function* bytesOf(weights: Uint8Array, images: Iterable<Int8Array>): Generator<Uint8Array> {
  if (weights.length) yield weights;
  for (const image of images) yield new Uint8Array(image.buffer, image.byteOffset, image.length);
}
