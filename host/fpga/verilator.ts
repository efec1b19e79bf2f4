import { spawn } from 'node:child_process';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { cores, emitVerilog, type VerilogOptions } from '../../fpga/emit.js';
import { bytesPerValue, type Graph, type OutputFile, product, SpikeletError } from '../../models/index.js';
import { runTool } from '../firmware/tools.js';
import { rtlFiles } from './rtl.js';

const harness = fileURLToPath(new URL('../../../fpga/sim/harness.cc', import.meta.url));

export const verilatorInstall = 'apt-get install verilator g++ make';

/** What one frame did: CRC-32 of every tensor in order, the input's first, and what it took. Cycles count from the first pixel. */
export type Frame = {
  logits: number[];
  cycles: number;
  /** Clocks in which the pixels' or the logits' side was made to wait. */
  stalls: number;
  tensors: { crc: number; first: number; last: number; spikes: number }[];
};

export type SimulateOptions = {
  /** Share of clocks in which each side of the core stalls, 0..1, by `seed`. */
  stall?: number;
  seed?: number;
};

/** Runs frames of i8 pixels one after the other. */
export type Simulator = (images: Iterable<Int8Array>, options?: SimulateOptions) => AsyncGenerator<Frame>;

/** All Verilog of a Graph: the emitted files and the cores. */
export const verilogFiles = async (graph: Graph, options?: VerilogOptions): Promise<OutputFile[]> => [
  ...emitVerilog(graph, options),
  ...(await rtlFiles(cores[options?.architecture ?? 'sequential'])),
];

/** Compiles a Graph's Verilog in `folder` with Verilator. Throws a SpikeletError with the install line where it is missing. */
export async function compileVerilator(
  graph: Graph,
  folder: string,
  options?: VerilogOptions,
): Promise<Simulator> {
  const files = await verilogFiles(graph, options);
  for (const { path, contents } of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), contents);
  }
  await copyFile(harness, join(folder, 'harness.cc'));
  await runTool(
    'verilator',
    [
      ...['--cc', '--exe', '--build', '-O3', '-CFLAGS', '-O1', '--top-module', 'spikelet_core'],
      ...files.map(({ path }) => path).filter((path) => path.endsWith('.v')),
      'harness.cc',
    ],
    { install: verilatorInstall, folder },
  );
  return (images, { stall = 0, seed = 1 } = {}) => {
    const bytes = ['input', ...graph.nodes.map((node) => node.output)].map((name) =>
      bytesPerValue(graph.tensors[name]!.type),
    );
    const pixels = product(graph.tensors['input']!.shape);
    const args = [pixels, graph.classes.length, bytes.join(','), Math.round(stall * 256), seed];
    return frames(join(folder, 'obj_dir/Vspikelet_core'), args.map(String), folder, images);
  };
}

async function* frames(
  program: string,
  args: string[],
  folder: string,
  images: Iterable<Int8Array>,
): AsyncGenerator<Frame> {
  const child = spawn(program, args, { cwd: folder, stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  // A simulator that dies early closes its end; its exit code says so below.
  child.stdin.on('error', () => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  try {
    for (const image of images) {
      child.stdin.write(new Uint8Array(image.buffer, image.byteOffset, image.length));
      const { value, done } = await lines.next();
      if (done) break;
      yield JSON.parse(value) as Frame;
    }
    child.stdin.end();
    const code = await ended;
    if (code !== 0) throw new SpikeletError(`the simulated core ended with code ${code}`);
  } finally {
    child.kill();
  }
}
