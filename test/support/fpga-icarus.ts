import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Graph, type OutputFile, product } from '../../models/index.js';

const fpga = fileURLToPath(new URL('../../../fpga/', import.meta.url));
export const rtl = (name: string): string => join(fpga, 'rtl', name);
export const bench = (name: string): string => join(fpga, 'sim', name);

/** Compiles with Icarus and runs; what was printed. */
export function icarus(
  folder: string,
  sources: string[],
  parameters: Record<string, number | string> = {},
  top = 'bench',
  defines: string[] = [],
): string {
  const program = join(folder, 'simulation.vvp');
  const set = Object.entries(parameters).map(([name, value]) => `-P${top}.${name}=${value}`);
  execFileSync(
    'iverilog',
    ['-g2005', '-s', top, ...defines.map((name) => `-D${name}`), ...set, '-o', program, ...sources],
    {
      cwd: folder,
      encoding: 'utf8',
    },
  );
  return execFileSync('vvp', ['-n', program], { cwd: folder, encoding: 'utf8', maxBuffer: 1 << 28 });
}

export function writeFiles(folder: string, files: OutputFile[]): void {
  for (const { path, contents } of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), contents);
  }
}

/** Lints the core that `files` are, as strictly as Verilator can. */
export function lint(folder: string, files: OutputFile[]): void {
  writeFiles(folder, files);
  const names = files.map(({ path }) => path).filter((path) => path.endsWith('.v'));
  execFileSync('verilator', ['--lint-only', '-Wall', '--top-module', 'spikelet_core', ...names], {
    cwd: folder,
    encoding: 'utf8',
    stdio: 'pipe',
  });
}

export type Traced = { stall?: number; frames?: number; traces?: number; fifos?: number };

/**
 * Values of each tensor, the input's first, and logits, as the simulated core computes them of `frames` times
 * the same pixels; and for how many clocks each FIFO held something back. `stall`: clocks of 256.
 */
export function traced(
  folder: string,
  files: OutputFile[],
  graph: Graph,
  pixels: Int8Array,
  { stall = 0, frames = 1, traces = 1, fifos = 0 }: Traced,
): { tensors: number[][]; logits: number[]; stalled: number[] } {
  writeFiles(folder, files);
  const hex = [...pixels].map((value) => (value & 255).toString(16).padStart(2, '0'));
  writeFileSync(join(folder, 'frame.hex'), hex.join('\n'));
  const sources = files.map(({ path }) => path).filter((path) => path.endsWith('.v'));
  const values = frames * Object.values(graph.tensors).reduce((n, { shape }) => n + product(shape), 0);
  const sizes = { PIXELS: pixels.length, LOGITS: graph.classes.length, FRAMES: frames, VALUES: values };
  const parameters = { ...sizes, STALL: stall, TRACES: traces, FIFOS: Math.max(1, fifos) };
  const defines = fifos ? ['STALLS'] : [];
  const printed = icarus(folder, [...sources, bench('trace_bench.v')], parameters, 'trace_bench', defines);
  const tensors: number[][] = Array.from({ length: graph.nodes.length + 1 }, () => []);
  const logits: number[] = [];
  const stalled: number[] = [];
  for (const line of printed.trim().split('\n')) {
    const [where, value] = line.split(' ');
    if (where === 'logit') logits.push(Number(value));
    else if (where === 'stalled') stalled.push(Number(value));
    else if (/^\d+ -?\d+$/.test(line)) tensors[Number(where)]!.push(Number(value));
    else if (!line.includes('$finish')) throw new Error(`the simulated core said: ${line}`);
  }
  return { tensors, logits, stalled };
}
